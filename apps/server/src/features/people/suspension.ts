import { AppError, type Input, type ManagedPerson, type Person, type PersonId, type Reply } from '@sotto/protocol'
import { getRole, requireGiving } from '#features/roles'
import type { Db, Tx } from '#platform/database'
import type { Platform, WriteContext } from '#platform/feature'
import {
  holdSuspension,
  listManaged,
  lockOwners,
  lockPerson,
  type Suspension,
  setSuspension,
  unsuspended,
} from './store.ts'

const belongsTo = 'suspension'

const isOver = ({ until }: Suspension, now: Date) => until !== null && until <= now

/** Throws `forbidden` where the person may begin no session now. Until the transaction ends that stays as it is. */
export async function requireNotSuspended({ clock }: Platform, tx: Tx, person: PersonId): Promise<void> {
  const suspension = await holdSuspension(tx, person)
  if (suspension && !isOver(suspension, clock.now())) throw new AppError('forbidden', 'suspended')
}

export async function maySignIn(db: Db | Tx, person: PersonId, now: Date): Promise<boolean> {
  return (await unsuspended(db, [person], now)).length > 0
}

/**
 * A person whom the actor may suspend, or whose password they may reset: somebody else, who may do nothing that the actor may not.
 */
export async function requireBelow(context: WriteContext<'signed_in'>, id: PersonId): Promise<Person> {
  const { tx, actor, permissions } = context
  const person = await lockPerson(tx, id)
  if (!person) throw new AppError('not_found', 'person')
  if (id === actor.person) throw new AppError('invalid_input', 'person')
  requireGiving(permissions, (await getRole(tx, person.role)).permissions)
  return person
}

/** Does not end the sessions: see `sessions`. */
export async function storeSuspension(
  context: WriteContext<'signed_in'>,
  id: PersonId,
  until: Date | null,
  reason: string,
): Promise<void> {
  const { tx, clock, sealing, audit } = context
  const now = clock.now()
  if (until && until <= now) throw new AppError('invalid_input', 'until')
  const owners = await lockOwners(tx)
  const { role } = await requireBelow(context, id)
  const left = (await unsuspended(tx, owners, now)).filter((owner) => owner !== id)
  if (role === 'owner' && left.length === 0) throw new AppError('conflict', 'the last owner')
  const why = await sealing.seal(id, belongsTo, Buffer.from(reason))
  await setSuspension(tx, id, { at: now, until, why })
  audit.record(context, { action: 'person.suspended', person: id, detail: { until: until?.toISOString() ?? null } })
}

export async function restore(
  context: WriteContext<'signed_in'>,
  { person }: Input<'people.restore'>,
): Promise<Reply<'people.restore'>> {
  await requireBelow(context, person)
  await setSuspension(context.tx, person, null)
  context.audit.record(context, { action: 'person.restored', person })
  return {}
}

export async function listForManagers(
  context: WriteContext<'signed_in'>,
  { prefix = '', after = '', limit = 50 }: Input<'people.admin'>,
): Promise<Reply<'people.admin'>> {
  const { tx, sealing, clock, audit } = context
  audit.record(context, { action: 'person.listed', detail: { prefix: prefix.trim() } })
  const found = await listManaged(tx, { prefix: prefix.trim(), after, limit: limit + 1 })
  const now = clock.now()
  const people = await Promise.all(
    found.slice(0, limit).map(async ({ person, createdAt, suspension }): Promise<ManagedPerson> => {
      const base = { person, createdAt: createdAt.toISOString() }
      if (!suspension || isOver(suspension, now)) return { ...base, suspended: null }
      const reason = String(await sealing.open(person.id, belongsTo, suspension.why))
      const { at, until } = suspension
      return { ...base, suspended: { at: at.toISOString(), until: until?.toISOString() ?? null, reason } }
    }),
  )
  return { people, next: found.length > limit ? (people.at(-1)?.person.name ?? null) : null }
}
