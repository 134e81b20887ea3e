import type {
  Channel,
  CommandName,
  ConversationId,
  ConversationKind,
  Details,
  Input,
  Person,
  PersonId,
  Reply,
} from '@sotto/protocol'
import { AppError } from '@sotto/protocol/pure'
import { banOf } from './fake-moderation.ts'
import { addGroup, type Thread, tell, type World } from './fake-world.ts'

/** What the fake answers about groups, channels and their members. */
export function groupCalls(world: World) {
  const find = (conversation: ConversationId): Thread => {
    const thread = world.threads.get(conversation)
    if (!thread) throw new AppError('not_found')
    return thread
  }
  const isIn = (thread: Thread): boolean => thread.members.includes(world.me.id)
  const peopleOf = (ids: readonly PersonId[]): Person[] => ids.flatMap((id) => world.people.get(id) ?? [])
  const toChannel = (thread: Thread): Channel => ({
    conversation: thread.card.conversation,
    details: thread.details,
    members: thread.members.length,
    entries: thread.entries.length,
    joined: isIn(thread),
    createdAt: thread.card.createdAt,
  })
  const make = (kind: Exclude<ConversationKind, 'thread'>, about: Partial<Details>, ids: readonly PersonId[]) => ({
    card: addGroup(world, kind, about, peopleOf(ids)).card,
  })
  const seat = (thread: Thread, person: PersonId): void => {
    if (thread.members.includes(person)) return
    thread.members.push(person)
    tell(world, thread, { kind: 'joined', body: { person, members: thread.members.length } })
  }
  const unseat = (thread: Thread, person: PersonId): void => {
    thread.members = thread.members.filter((one) => one !== person)
    tell(world, thread, { kind: 'left', body: { person, members: thread.members.length } })
  }

  const calls: Partial<{ [Name in CommandName]: (input: never) => unknown }> = {
    'groups.create': ({ name, people }: Input<'groups.create'>) => make('group', { name }, people),
    'channels.create': ({ name, topic = '', category = '', listed }: Input<'channels.create'>) => {
      const isTaken = [...world.threads.values()].some(
        ({ card, details }) => card.kind === 'channel' && details.name === name,
      )
      if (isTaken) throw new AppError('name_taken')
      return make('channel', { name, topic, category, listed }, [])
    },
    'channels.list': ({ find: words = '' }: Input<'channels.list'>): Reply<'channels.list'> => {
      const channels = [...world.threads.values()]
        .filter((thread) => thread.card.kind === 'channel' && (thread.details.listed || isIn(thread)))
        .filter(({ details }) => `${details.name} ${details.topic}`.toLowerCase().includes(words.toLowerCase()))
        .map(toChannel)
      return { channels, next: null }
    },
    'channels.preview': ({ conversation }: Input<'channels.preview'>): Reply<'channels.preview'> => ({
      channel: toChannel(find(conversation)),
      entries: find(conversation).entries.slice(-30),
      about: [],
    }),
    'channels.join': ({ conversation }: Input<'channels.join'>) => {
      seat(find(conversation), world.me.id)
      return { card: find(conversation).card }
    },
    'channels.delete': ({ conversation }: Input<'channels.delete'>) => {
      world.threads.delete(conversation)
      return {}
    },
    'conversations.change': ({ conversation, change }: Input<'conversations.change'>) => {
      const thread = find(conversation)
      thread.details = { ...thread.details, ...change }
      const fields = Object.keys(change) as (keyof Details)[]
      tell(world, thread, { kind: 'changed', body: { details: thread.details, fields } })
      return { details: thread.details }
    },
    'conversations.removePicture': ({ conversation }: Input<'conversations.removePicture'>) => {
      const thread = find(conversation)
      thread.details = { ...thread.details, picture: null }
      tell(world, thread, { kind: 'changed', body: { details: thread.details, fields: ['picture'] } })
      return { details: thread.details }
    },
    'members.list': ({ conversation, prefix = '' }: Input<'members.list'>): Reply<'members.list'> => {
      const thread = find(conversation)
      const members = peopleOf(thread.members)
        .filter(({ displayName }) => displayName.toLowerCase().startsWith(prefix.toLowerCase()))
        .map(({ id, name, displayName }) => ({
          person: id,
          name,
          displayName,
          role: id === world.me.id ? thread.card.role : ('member' as const),
          silencedUntil: null,
        }))
      return { members, count: thread.members.length, next: null }
    },
    'members.add': ({ conversation, people }: Input<'members.add'>) => {
      for (const person of people) seat(find(conversation), person)
      return { added: people }
    },
    'members.remove': ({ conversation, person, banMinutes }: Input<'members.remove'>) => {
      unseat(find(conversation), person)
      if (banMinutes !== undefined) world.bans.push({ conversation, ban: banOf(world, person, banMinutes) })
      return {}
    },
    'members.leave': ({ conversation }: Input<'members.leave'>) => {
      const thread = find(conversation)
      if (thread.card.role === 'owner' && thread.members.length > 1) throw new AppError('conflict')
      unseat(thread, world.me.id)
      return {}
    },
    'members.invite': ({ expiresInHours }: Input<'members.invite'>) => ({
      invitation: 'Jm4kQ0pR7sT2uV9wX1yZ',
      expiresAt: new Date(Date.now() + expiresInHours * 3_600_000).toISOString(),
    }),
  }
  return calls
}
