import { randomUUID } from 'node:crypto'
import { AppError, type ClientId, type Input, maxPins, type Reply } from '@sotto/protocol'
import type { WriteContext } from '#platform/feature'
import { requireMessage } from './change.ts'

/** What is so already is not said again. Whether one may is judged where the entry is appended, like a message. */
export async function pin(
  context: WriteContext<'conversation_member'>,
  { conversation, message: id, pinned }: Input<'messages.pin'>,
): Promise<Reply<'messages.pin'>> {
  const { tx, after, log, actor } = context
  await log.lock(tx, conversation)
  const message = await requireMessage(context, conversation, id)
  if (pinned && message.deleted) throw new AppError('conflict', 'deleted')
  if ((await log.isPinned(tx, conversation, id)) === pinned) return {}
  const { person: sender, session } = actor
  const clientId = randomUUID() as ClientId
  const draft = { conversation, sender, session, clientId, kind: 'pinned', target: id, body: { pinned } } as const
  const [appended] = await log.appendIn(tx, after, [draft])
  if (!appended) throw new Error('an append got no answer')
  const count = await log.setPin(tx, conversation, id, pinned ? appended.place : null)
  if (pinned && count > maxPins) throw new AppError('conflict', 'pins')
  return {}
}
