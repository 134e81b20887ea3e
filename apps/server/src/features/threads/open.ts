import type { Input, Reply } from '@sotto/protocol'
import { cardFor, putCards } from '#features/conversations'
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
  const thread = await log.create(tx, after, actor, { kind: 'thread', policy: 'managed', clientId })
  await putCards(context, tx, after, [[actor.person, cardFor(thread, actor.person, 'owner')]])
  return { conversation: thread.id }
}
