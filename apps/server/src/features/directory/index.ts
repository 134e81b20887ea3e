import { AppError, dayOf, mayStart, type PersonId, withoutTies } from '@sotto/protocol'
import { findPeople, hiddenFrom, listPeople, permissionsOf } from '#features/people'
import { reachedBy, tiesBetween } from '#features/relationships'
import type { Db, Tx } from '#platform/database'
import { type Feature, type Platform, reads, type WriteContext } from '#platform/feature'

/** Who knows of whom. Whom one does not know looks like nobody. */
export const directory: Feature = {
  name: 'directory',
  commands: [
    reads('people.list', async (context, { prefix = '', after = '', limit = 50 }) => {
      const { db, actor } = context
      const among = await findableBy(context, db, actor.person)
      const without = await hiddenFrom(db, actor.person)
      const page = { prefix: prefix.trim(), after, limit: limit + 1, without, ...(among !== 'everybody' && { among }) }
      const found = await listPeople(db, page)
      const people = found.slice(0, limit)
      return { people, next: found.length > limit ? (people.at(-1)?.name ?? null) : null }
    }),
    reads('people.get', async (context, { people: wanted }) => {
      const { db, actor } = context
      return { people: await findPeople(db, await knownAmong(context, db, actor.person, wanted)) }
    }),
  ],
}

/** Those of these people (or of all) whom a person may find. */
async function findableBy(
  { clock }: Platform,
  db: Db | Tx,
  person: PersonId,
  among?: readonly PersonId[],
): Promise<readonly PersonId[] | 'everybody'> {
  if ((await permissionsOf(db, person)).includes('people.browse')) return among ?? 'everybody'
  return reachedBy(db, person, 'find', clock.now(), among)
}

/**
 * Those of these people whom a person may find, has a conversation with, or is. A block hides both from each other, but who shares a
 * conversation with somebody knows who that is.
 */
export async function knownAmong(
  context: Platform,
  db: Db | Tx,
  person: PersonId,
  people: readonly PersonId[],
): Promise<PersonId[]> {
  const findable = await findableBy(context, db, person, people)
  const hidden = await hiddenFrom(db, person)
  const found = (findable === 'everybody' ? people : findable).filter((one) => !hidden.includes(one))
  const known = new Set<PersonId>([person, ...found])
  const unknown = people.filter((one) => !known.has(one))
  for (const one of await context.log.companionsAmong(db, person, unknown)) known.add(one)
  return people.filter((one) => known.has(one))
}

/** Throws `not_found` where the actor may not find one of these people, or there is no such person. */
export async function requireMayFind(
  context: WriteContext<'signed_in' | 'conversation_member'>,
  people: readonly PersonId[],
): Promise<void> {
  const { tx, actor } = context
  const findable = await findableBy(context, tx, actor.person, people)
  const may = people.every((one) => one === actor.person || findable === 'everybody' || findable.includes(one))
  if (!may || (await findPeople(tx, people)).length < people.length) throw new AppError('not_found', 'person')
}

/** Whether a person may begin a thread with another. */
export async function mayStartWith({ clock }: Platform, db: Db | Tx, from: PersonId, to: PersonId): Promise<boolean> {
  const permissions = await permissionsOf(db, from)
  return mayStart(permissions, await tiesBetween(db, from, to), dayOf(clock.now()))
}

/** Those of these people whom a person may write to: by beginning a thread, or going on in one. */
export async function startableBy(
  { log, clock }: Platform,
  db: Db | Tx,
  person: PersonId,
  among: readonly PersonId[],
): Promise<PersonId[]> {
  const everybody = (await permissionsOf(db, person)).includes(withoutTies.start)
  const reached = everybody ? among : await reachedBy(db, person, 'start', clock.now(), among)
  const may = new Set([...reached, ...(await log.findPairs(db, person, among)).keys()])
  for (const hidden of await hiddenFrom(db, person)) may.delete(hidden)
  return among.filter((one) => may.has(one))
}

/** Before a thread is made. Throws `forbidden` about somebody the person knows, and `not_found` about anybody else. */
export async function requireMayStart(context: Platform, tx: Tx, from: PersonId, to: PersonId): Promise<void> {
  if (await mayStartWith(context, tx, from, to)) return
  const known = await knownAmong(context, tx, from, [to])
  throw known.length > 0 ? new AppError('forbidden', 'threads.start') : new AppError('not_found', 'person')
}
