import type { Input, Reply } from '@sotto/protocol'
import { putCards } from '#features/conversations'
import { takeTurn } from '#platform/database'
import type { WriteContext } from '#platform/feature'

/** A thread with a free seat. A retry with the same client id finds the one of the first time. */
export async function open(
  context: WriteContext<'signed_in'>,
  { clientId }: Input<'threads.open'>,
): Promise<Reply<'threads.open'>> {
  const { tx, after, log, actor } = context
  await takeTurn(tx, `open ${actor.person} ${clientId}`)
  const earlier = await log.findByClientId(tx, actor.person, clientId)
  if (earlier) return { conversation: earlier }
  const { person: owner, session } = actor
  const card = await log.create(tx, after, { kind: 'thread', policy: 'managed', title: null, owner, session, clientId })
  await putCards(context, tx, after, [[owner, card]])
  return { conversation: card.conversation }
}
