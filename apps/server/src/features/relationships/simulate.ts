import {
  AppError,
  dayOf,
  type Input,
  mayFind,
  mayStart,
  type Permission,
  type PersonId,
  type Reason,
  type Reply,
  type RoleId,
  saysTie,
  withoutTies,
} from '@sotto/protocol'
import { findPeople, permissionsOf } from '#features/people'
import type { WriteContext } from '#platform/feature'
import { withNames } from './named.ts'
import type { RelationshipRow } from './store.ts'
import { supervisorsOf } from './supervision.ts'
import { type BoundTie, tiesBetween } from './ties.ts'

/** Answers from the same rules that decide, for an admin who wants to know before it happens. */
export async function simulate(
  context: WriteContext<'signed_in'>,
  { from, to }: Input<'policy.simulate'>,
): Promise<Reply<'policy.simulate'>> {
  const { tx, log, clock, audit } = context
  if (from === to) throw new AppError('invalid_input', 'to')
  const asked = (await findPeople(tx, [from, to])).find((person) => person.id === from)
  if (!asked || (await findPeople(tx, [to])).length === 0) throw new AppError('not_found', 'person')
  audit.record(context, { action: 'policy.asked', person: from, detail: { to } })

  const now = clock.now()
  const day = dayOf(now)
  const permissions = await permissionsOf(tx, from)
  const ties = await tiesBetween(tx, from, to)
  const supervisors = await supervisorsOf(tx, [from, to], now)
  const relationships = await withNames(
    tx,
    distinctRows([...ties.map((tie) => tie.row), ...supervisors.flatMap(({ by }) => by)]),
  )
  const named = new Map(relationships.map((relationship) => [relationship.id, relationship]))

  const reason = (row: RelationshipRow, forward: boolean, says: Reason['says']): Reason => ({
    rule: 'relationship',
    says,
    role: null,
    permission: null,
    relationship: named.get(row.id) ?? null,
    forward,
  })
  const reasonsFor = (act: 'find' | 'start'): Reason[] => [
    roleReason(asked.role, withoutTies[act], permissions),
    ...reasonsOf(ties, act),
  ]
  /** Each relationship once: two circles that are one bind both ways. */
  const reasonsOf = (bound: readonly BoundTie[], act: 'find' | 'start') => {
    const reasons = new Map<string, Reason>()
    for (const tie of bound) {
      const said = reason(tie.row, tie.forward, saysTie(tie, act, day))
      if (said.says === 'grants' || !reasons.has(tie.row.id)) reasons.set(tie.row.id, said)
    }
    return [...reasons.values()]
  }

  const existing = (await log.findPairs(tx, from, [to])).get(to)
  const thread = existing && (await log.findConversation(tx, existing))
  const policy = supervisors.length > 0 ? 'supervised' : 'managed'
  const wouldRead = policy === 'supervised' ? supervisors.map(({ person }) => person) : []
  const readsAlong = thread
    ? (await log.memberIds(tx, thread.id)).filter((person) => person !== from && person !== to)
    : wouldRead
  const readerIds: PersonId[] = [from, to, ...readsAlong]
  const profiles = new Map((await findPeople(tx, readerIds)).map((person) => [person.id, person]))
  return {
    find: { allowed: mayFind(permissions, ties, day), reasons: reasonsFor('find') },
    start: { allowed: mayStart(permissions, ties, day), reasons: reasonsFor('start') },
    policy,
    thread: thread ? { conversation: thread.id, policy: thread.policy } : null,
    readers: readerIds.flatMap((id) => {
      const profile = profiles.get(id)
      if (!profile) return []
      const by = supervisors.find(({ person }) => person === id)?.by ?? []
      const as = id === from || id === to ? ('member' as const) : ('supervisor' as const)
      const { name, displayName } = profile
      return [
        {
          person: id,
          name,
          displayName,
          as,
          by: as === 'member' ? [] : distinctRows(by).map((row) => reason(row, true, 'grants')),
        },
      ]
    }),
    // The server holds the keys of every thread that is not private.
    organisation: (thread?.policy ?? policy) !== 'private',
  }
}

function roleReason(role: RoleId, permission: Permission, permissions: readonly Permission[]): Reason {
  const says = permissions.includes(permission) ? 'grants' : 'does_not_grant'
  return { rule: 'role', says, role, permission, relationship: null, forward: true }
}

function distinctRows(rows: readonly RelationshipRow[]): RelationshipRow[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()]
}
