import { AppError, type ConversationId, type PersonId } from '@sotto/protocol'
import { cardFor, findCard, putCards } from '#features/conversations'
import type { AfterCommit, Tx } from '#platform/database'
import type { Platform } from '#platform/feature'

/**
 * Gives the free seat of the owner’s thread to another person, and both their cards. Call `lockPair` first: the two must have no thread
 * yet. Throws `link_expired` when the seat has been taken.
 */
export async function seatSecond(
  context: Platform & { tx: Tx; after: AfterCommit },
  conversation: ConversationId,
  owner: PersonId,
  other: PersonId,
): Promise<void> {
  const { tx, after, log } = context
  if (!(await log.fillPair(tx, conversation, other))) throw new AppError('link_expired', 'seat')
  await log.seat(tx, after, conversation, other, { person: other, session: null })
  const thread = await log.findConversation(tx, conversation)
  if (!thread) throw new AppError('not_found', 'conversation')
  const { archived = false, mutedUntil = null } = (await findCard(context, tx, owner, conversation)) ?? {}
  await putCards(context, tx, after, [
    [owner, { ...cardFor(thread, owner, 'owner'), archived, mutedUntil }],
    [other, cardFor(thread, other, 'member')],
  ])
}
