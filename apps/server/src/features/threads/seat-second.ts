import { AppError, type ConversationId, type PersonId } from '@sotto/protocol'
import { cardFor, exit, findCard, putCards } from '#features/conversations'
import { supervise, supervisorsOf } from '#features/relationships'
import type { AfterCommit, Tx } from '#platform/database'
import type { Actor, Platform } from '#platform/feature'

/**
 * Gives the free seat of the owner’s thread to another person, and both their cards. Now that the two are known it is decided who reads
 * along. Call `lockPair` (the two must have no thread yet) and `holdRules` first. Throws `link_expired` when the seat has been taken.
 */
export async function seatSecond(
  context: Platform & { tx: Tx; after: AfterCommit; actor: Actor },
  conversation: ConversationId,
  owner: PersonId,
  other: PersonId,
): Promise<void> {
  const { tx, after, log, clock } = context
  const doer = { person: other, session: null }
  const { policy } = await log.lock(tx, conversation)
  const isSupervised = policy === 'supervised' || (await supervisorsOf(tx, [owner, other], clock.now())).length > 0
  if (!(await log.fillPair(tx, conversation, other, isSupervised ? 'supervised' : policy)))
    throw new AppError('link_expired', 'seat')
  // Whoever supervised the owner so far is one of the two from now on.
  await exit(context, conversation, other, doer)
  await log.seat(tx, after, conversation, other, doer)
  const thread = await log.findConversation(tx, conversation)
  if (!thread) throw new AppError('not_found', 'conversation')
  const { archived = false, mutedUntil = null } = (await findCard(context, tx, owner, conversation)) ?? {}
  await putCards(context, tx, after, [
    [owner, { ...cardFor(thread, owner, 'owner'), archived, mutedUntil }],
    [other, cardFor(thread, other, 'member')],
  ])
  if (isSupervised) await supervise(context, conversation)
}
