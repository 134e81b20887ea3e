import type { Ban, CommandName, ConversationId, EntryId, Input, PersonId, ReportId } from '@sotto/protocol'
import { type Thread, tell, uuid, type World } from './fake-world.ts'

/** What the fake answers about edits, deletions, reports, blocks and mutes. */
export function moderationCalls(world: World) {
  const find = (conversation: ConversationId): Thread => world.threads.get(conversation) as Thread
  const toggle = (list: readonly PersonId[], person: PersonId, on: boolean): PersonId[] =>
    on ? [person, ...list.filter((one) => one !== person)] : list.filter((one) => one !== person)
  const appended = (id: EntryId) => ({ id, place: 1, at: new Date().toISOString() })

  const calls: Partial<{ [Name in CommandName]: (input: never) => unknown }> = {
    'instance.settings': () => ({ message_edit_minutes: 60, message_delete_minutes: 60 * 24 }),
    'messages.edit': ({ message, text }: Input<'messages.edit'>) => {
      world.edits.set(message, text)
      return appended(message)
    },
    'messages.delete': ({ conversation, message }: Input<'messages.delete'>) => {
      const sender = find(conversation).entries.find((entry) => entry.id === message)?.sender
      world.deletions.set(message, sender === world.me.id ? 'sender' : 'moderator')
      return appended(message)
    },
    'messages.pin': ({ conversation, message, pinned }: Input<'messages.pin'>) => {
      tell(world, find(conversation), { kind: 'pinned', target: message, body: { pinned } })
      return {}
    },
    'reports.make': () => {
      const report = uuid<ReportId>()
      const at = new Date().toISOString()
      const text = 'We have talked to both of them.'
      world.notices = [{ kind: 'your_report', report, decision: 'warned', text, at }, ...world.notices]
      return { report }
    },
    'notices.dismiss': ({ notice }: Input<'notices.dismiss'>) => {
      world.notices = world.notices.filter((one) => one.report !== notice)
      return {}
    },
    'blocks.set': ({ person, blocked }: Input<'blocks.set'>) => {
      world.blocks = toggle(world.blocks, person, blocked)
      return {}
    },
    'mutes.set': ({ person, muted }: Input<'mutes.set'>) => {
      world.mutes = toggle(world.mutes, person, muted)
      return {}
    },
    'conversations.mute': ({ conversation, minutes }: Input<'conversations.mute'>) => {
      const thread = find(conversation)
      const until =
        minutes === null ? '9999-12-31T00:00:00.000Z' : new Date(Date.now() + minutes * 60_000).toISOString()
      const mutedUntil = minutes === 0 ? null : until
      thread.card = { ...thread.card, mutedUntil }
      return { mutedUntil }
    },
    'members.bans': ({ conversation }: Input<'members.bans'>) => ({
      bans: world.bans.filter((ban) => ban.conversation === conversation).map(({ ban }) => ban),
    }),
    'members.unban': ({ conversation, person }: Input<'members.unban'>) => {
      world.bans = world.bans.filter((one) => one.conversation !== conversation || one.ban.person !== person)
      return {}
    },
  }
  return calls
}

/** A ban as the list tells it, for so many minutes or for good with 0. */
export function banOf(world: World, person: PersonId, minutes: number): Ban {
  const { name = '', displayName = '' } = world.people.get(person) ?? {}
  return { person, name, displayName, until: minutes ? new Date(Date.now() + minutes * 60_000).toISOString() : null }
}
