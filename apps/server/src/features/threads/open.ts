import type { Input, Reply } from '@sotto/protocol'
import { cardFor, putCards } from '#features/conversations'
import { holdRules, supervise, supervisorsOf } from '#features/relationships'
import { takeTurn } from '#platform/database'
import type { WriteContext } from '#platform/feature'

/** A thread with a free seat. A retry with the same client id finds the one of the first time. */
export async function open(
  context: WriteContext<'signed_in'>,
  { clientId }: Input<'threads.open'>,
): Promise<Reply<'threads.open'>> {
  const { tx, after, log, clock, actor } = context
  await takeTurn(tx, `open ${actor.person} ${clientId}`)
  const earlier = await log.findMade(tx, 'thread', actor.person, clientId)
  if (earlier) return { conversation: earlier }
  await holdRules(tx)
  const supervisors = await supervisorsOf(tx, [actor.person], clock.now())
  const policy = supervisors.length > 0 ? 'supervised' : 'managed'
  const thread = await log.create(tx, after, actor, { kind: 'thread', policy, clientId })
  await putCards(context, tx, after, [[actor.person, cardFor(thread, actor.person, 'owner')]])
  if (policy === 'supervised') await supervise(context, thread.id)
  return { conversation: thread.id }
}
