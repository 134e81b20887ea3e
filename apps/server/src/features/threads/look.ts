import { AppError, type Input, type Reply } from '@sotto/protocol'
import { knownAmong, mayStartWith } from '#features/directory'
import { getPerson, hiddenFrom } from '#features/people'
import { showSupervisors, supervisorsOf } from '#features/relationships'
import type { Context } from '#platform/feature'

/** What somebody wants to know before they write the first word: may they, and who reads along. */
export async function look(
  context: Context<'signed_in'>,
  { person }: Input<'threads.look'>,
): Promise<Reply<'threads.look'>> {
  const { db, log, clock, actor } = context
  if (person === actor.person) throw new AppError('invalid_input', 'person')
  await getPerson(db, person)
  const pair = [actor.person, person] as const
  const existing = (await log.findPairs(db, actor.person, [person])).get(person)
  const thread = existing && (await log.findConversation(db, existing))
  const isHidden = (await hiddenFrom(db, actor.person)).includes(person)
  if (!thread) {
    const mayWrite = !isHidden && (await mayStartWith(context, db, ...pair))
    if (!mayWrite && (await knownAmong(context, db, actor.person, [person])).length === 0)
      throw new AppError('not_found', 'person')
    if (!mayWrite) return { conversation: null, mayWrite, policy: null, supervisors: [] }
  }
  const bound = await supervisorsOf(db, pair, clock.now())
  // In a thread that exists those read who sit in it, whatever a thread of today would be.
  const seated = new Set(thread && (await log.memberIds(db, thread.id)))
  const supervisors = thread ? bound.filter((one) => seated.has(one.person)) : bound
  return {
    conversation: thread?.id ?? null,
    mayWrite: !isHidden,
    policy: thread?.policy ?? (supervisors.length > 0 ? 'supervised' : 'managed'),
    supervisors: await showSupervisors(db, supervisors),
  }
}
