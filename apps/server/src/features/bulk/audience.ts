import { AppError, type BulkAudience, type PersonId } from '@sotto/protocol'
import { knownAmong, startableBy } from '#features/directory'
import { findPeople, hiddenFrom, peopleWithRole } from '#features/people'
import { circlesWithin, peopleInCircles } from '#features/relationships'
import type { Db, Tx } from '#platform/database'
import type { Context } from '#platform/feature'

type Asking = Context<'signed_in'>

export const maxRecipients = 10_000

/** The circles somebody may write to: those they are tied to or in, and all of them for whoever manages them. */
export function openCircles({ actor, permissions, clock }: Asking, db: Db | Tx) {
  return permissions.includes('relationships.manage')
    ? circlesWithin(db, 'all', clock.now())
    : circlesWithin(db, actor.person, clock.now())
}

/** Whether somebody may write to everybody who has a role: only who may write to everybody anyway. */
export function mayWriteToRoles({ permissions }: Asking): boolean {
  return permissions.includes('people.browse') && permissions.includes('threads.start')
}

/** Everybody in an audience but oneself. Throws `not_found` about what the actor may not write to. */
export async function resolve(context: Asking, db: Db | Tx, to: BulkAudience): Promise<PersonId[]> {
  const people = new Set(to.people)
  // Whom one does not know looks like nobody: the list of who gets it would tell their name.
  const known = await knownAmong(context, db, context.actor.person, [...people])
  // Who has blocked the sender is refused when their turn comes, and keeps the others from nothing.
  const parted = (await hiddenFrom(db, context.actor.person)).filter((person) => people.has(person))
  if ((await findPeople(db, [...new Set([...known, ...parted])])).length < people.size)
    throw new AppError('not_found', 'person')
  if (to.circles.length > 0) {
    const open = new Set((await openCircles(context, db)).map((circle) => circle.id))
    if (!to.circles.every((circle) => open.has(circle))) throw new AppError('not_found', 'circle')
    for (const person of await peopleInCircles(db, to.circles)) people.add(person)
  }
  if (to.roles.length > 0 && !mayWriteToRoles(context)) throw new AppError('not_found', 'role')
  for (const role of to.roles) for (const person of await peopleWithRole(db, role)) people.add(person)
  people.delete(context.actor.person)
  if (people.size === 0) throw new AppError('invalid_input', 'to')
  if (people.size > maxRecipients) throw new AppError('too_large', 'to')
  return [...people].sort()
}

/** Those of an audience who will get the message, as things are now. */
export function reachable(context: Asking, db: Db | Tx, people: readonly PersonId[]): Promise<PersonId[]> {
  return startableBy(context, db, context.actor.person, people)
}
