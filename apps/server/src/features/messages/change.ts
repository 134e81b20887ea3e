import {
  AppError,
  type ClientId,
  type ConversationId,
  type EntryId,
  type EntryKind,
  type Input,
  memberMay,
  type Reply,
} from '@sotto/protocol'
import { currentSettings } from '#features/instance'
import { fileWords, keepDeleted } from '#features/reports'
import type { AfterCommit, Tx } from '#platform/database'
import type { Actor, Platform, WriteContext } from '#platform/feature'
import type { StoredMessage } from '#platform/log'
import { judgeText } from './judge.ts'
import { requireText } from './text.ts'

type Writing = WriteContext<'conversation_member'>
type Appended = Reply<'messages.edit'>

export async function edit(
  context: Writing,
  { conversation, message: id, clientId, text }: Input<'messages.edit'>,
): Promise<Appended> {
  const { tx, after, log, actor } = context
  requireText(text)
  const { policy } = await log.lock(tx, conversation)
  const earlier = await findEarlier(context, conversation, id, clientId, 'edited')
  if (earlier) return earlier
  const message = await requireMessage(context, conversation, id)
  if (message.sender !== actor.person) throw new AppError('forbidden', 'message')
  if (message.deleted) throw new AppError('conflict', 'deleted')
  const settings = await currentSettings(context)
  requireTime(context, settings.enable_message_editing, settings.message_edit_minutes, message, 'editing')
  const verdict = await judgeText(context, text, async () => policy)
  const { person: sender, session } = actor
  const draft = { conversation, sender, session, clientId, kind: 'edited', target: id, body: { text } } as const
  const [appended] = await log.appendIn(tx, after, [draft])
  if (verdict === 'reported') await fileWords(context, { conversation, message: id, sender, text })
  context.audit.record(context, { action: 'message.edited', conversation, person: sender, detail: { message: id } })
  return answer(appended)
}

export async function deleteMessage(
  context: Writing,
  { conversation, message: id, clientId, reason = '' }: Input<'messages.delete'>,
): Promise<Appended> {
  const { tx, log, actor, permissions } = context
  const { kind, details } = await log.lock(tx, conversation)
  const earlier = await findEarlier(context, conversation, id, clientId, 'deleted')
  if (earlier) return earlier
  const message = await requireMessage(context, conversation, id)
  if (message.deleted) throw new AppError('conflict', 'deleted')
  const [me] = await log.findMembers(tx, conversation, [actor.person])
  const manages = kind === 'channel' && permissions.includes('channels.manage')
  // Under the lock: whoever was taken out a moment ago deletes nothing any more.
  if (!me && !manages) throw new AppError('not_found', 'conversation')
  // Neither of the two of a thread is set over the other.
  const moderates = kind !== 'thread' && (manages || (me !== undefined && memberMay(me.role, 'moderate', details)))
  if (message.sender === actor.person) {
    const settings = await currentSettings(context)
    if (!moderates)
      requireTime(context, settings.enable_message_deletion, settings.message_delete_minutes, message, 'deletion')
    return takeOut(context, conversation, message, { by: 'sender', actor, clientId, reason })
  }
  if (!moderates) throw new AppError('forbidden', 'moderate')
  return takeOut(context, conversation, message, { by: 'moderator', actor, clientId, reason })
}

/**
 * Appends the deletion and wipes what the message said; what a moderator takes out is kept for review. Whoever calls has judged that it may
 * be, under the conversation’s lock.
 */
export async function takeOut(
  context: Platform & { tx: Tx; after: AfterCommit },
  conversation: ConversationId,
  message: StoredMessage,
  how: { by: 'sender' | 'moderator'; actor: Actor; clientId: ClientId; reason: string },
): Promise<Appended> {
  const { tx, after, log, audit } = context
  const { by, actor, clientId, reason } = how
  const { id, sender, text } = message
  if (by === 'moderator')
    await keepDeleted(context, { conversation, message: id, sender, deletedBy: actor.person, text, reason })
  await log.wipe(tx, conversation, id)
  const { person, session } = actor
  const draft = { conversation, sender: person, session, clientId, kind: 'deleted', target: id, body: { by } } as const
  const [appended] = await log.appendIn(tx, after, [draft])
  audit.record(
    { tx, after, actor },
    { action: 'message.deleted', conversation, person: sender, detail: { message: id, by } },
  )
  return answer(appended)
}

/** A retry gets what the first one got, whatever has happened to the message since. */
async function findEarlier(
  { tx, log, actor }: Writing,
  conversation: ConversationId,
  message: EntryId,
  clientId: ClientId,
  kind: EntryKind,
): Promise<Appended | undefined> {
  const earlier = await log.findAppended(tx, actor.person, clientId)
  if (!earlier) return undefined
  if (earlier.conversation !== conversation || earlier.kind !== kind || earlier.target !== message)
    throw new AppError('conflict', 'client id')
  return answer(earlier)
}

/** A message that the actor can read; any other does not exist for them. */
export async function requireMessage(
  { tx, log, actor }: Writing,
  conversation: ConversationId,
  id: EntryId,
): Promise<StoredMessage> {
  const message = await log.findMessage(tx, conversation, id)
  const seat = await log.findSeat(conversation, actor.person, tx)
  if (!message || (seat && message.place < seat.floor)) throw new AppError('not_found', 'message')
  return message
}

function requireTime(
  { clock }: Platform,
  enabled: boolean,
  minutes: number,
  { at }: StoredMessage,
  what: string,
): void {
  if (!enabled) throw new AppError('forbidden', what)
  if (minutes > 0 && clock.now().getTime() - at.getTime() > minutes * 60_000)
    throw new AppError('forbidden', 'too late')
}

function answer(appended: { id: EntryId; place: number; at: Date } | undefined): Appended {
  if (!appended) throw new Error('an append got no answer')
  const { id, place, at } = appended
  return { id, place, at: at.toISOString() }
}
