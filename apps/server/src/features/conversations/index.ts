import { AppError, type ConversationCard, type ConversationId, type PersonId } from '@sotto/protocol'
import type { AfterCommit, Db, Tx } from '#platform/database'
import { type Context, type Feature, type Platform, reads, writes } from '#platform/feature'
import type { Conversation } from '#platform/log'

export const conversations: Feature = {
  name: 'conversations',
  commands: [
    reads('conversations.heads', async ({ log, actor }) => ({ heads: await log.heads(actor.person) })),
    reads('conversations.get', async (context, { conversation }) => {
      const { log, db, actor } = context
      const [card, [head], members] = await Promise.all([
        findCard(context, db, actor.person, conversation),
        log.heads(actor.person, conversation),
        log.members(db, conversation),
      ])
      if (!card || !head) throw new AppError('not_found', 'conversation')
      return { card, head, members }
    }),
    writes('conversations.archive', async (context, { conversation, archived }) => {
      const { tx, after, actor } = context
      const card = await findCard(context, tx, actor.person, conversation)
      if (!card) throw new AppError('not_found', 'conversation')
      await putCards(context, tx, after, [[actor.person, { ...card, archived }]])
      return {}
    }),
  ],
}

const keyOf = (conversation: ConversationId) => `conversation/${conversation}`

/** A conversation as it stands on a person’s board. */
export async function findCard(
  { board }: Platform,
  db: Db | Tx,
  person: PersonId,
  conversation: ConversationId,
): Promise<ConversationCard | undefined> {
  return (await board.find(db, person, keyOf(conversation))) as ConversationCard | undefined
}

/** Puts cards on people’s boards. In the order of the people, so that two transactions never wait for each other in a circle. */
export async function putCards(
  { board }: Platform,
  tx: Tx,
  after: AfterCommit,
  cards: readonly (readonly [PersonId, ConversationCard])[],
): Promise<void> {
  const sorted = [...cards].sort(([one], [other]) => (one < other ? -1 : 1))
  for (const [person, card] of sorted)
    await board.put(tx, after, person, [{ key: keyOf(card.conversation), value: card }])
}

/** The card of a conversation for one of its members, not archived. */
export function cardFor(conversation: Conversation, person: PersonId): ConversationCard {
  const { id, kind, policy, title, pair, createdAt } = conversation
  const other = pair[1] === null ? null : pair[0] === person ? pair[1] : pair[0]
  return { conversation: id, kind, policy, with: other, title, archived: false, createdAt: createdAt.toISOString() }
}

/** Where the actor stands in a conversation; for everybody else it does not exist. */
export async function requireSeat({ log, actor }: Context<'conversation_member'>, conversation: ConversationId) {
  const seat = await log.findSeat(conversation, actor.person)
  if (!seat) throw new AppError('not_found', 'conversation')
  return seat
}
