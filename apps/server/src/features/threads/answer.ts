import { AppError, type Input, type Reply } from '@sotto/protocol'
import { requireMayStart } from '#features/directory'
import { hiddenFrom } from '#features/people'
import { holdRules } from '#features/relationships'
import type { WriteContext } from '#platform/feature'
import { seatSecond } from './seat-second.ts'
import { takeSeatRequest } from './store.ts'

/** The holder of the first seat admits somebody to the second, or turns them away. */
export async function answer(
  context: WriteContext<'conversation_member'>,
  { conversation, person, admit }: Input<'threads.answer'>,
): Promise<Reply<'threads.answer'>> {
  const { tx, after, log, board, actor } = context
  // First, as everywhere: whoever holds it may then wait for boards.
  const existing = await log.lockPair(tx, actor.person, person)
  await holdRules(tx)
  // Supervisors read; the seat is the owner’s to give.
  if ((await log.lock(tx, conversation)).pair[0] !== actor.person) throw new AppError('not_found', 'request')
  if (!(await takeSeatRequest(tx, conversation, person))) throw new AppError('not_found', 'request')
  await board.put(tx, after, actor.person, [{ key: `request/${conversation}/${person}`, value: null }])
  if (!admit) return {}
  if ((await hiddenFrom(tx, actor.person)).includes(person)) throw new AppError('not_found', 'request')
  if (existing) throw new AppError('conflict', 'you have a thread with this person')
  await requireMayStart(context, tx, actor.person, person)
  await seatSecond(context, conversation, actor.person, person)
  return {}
}
