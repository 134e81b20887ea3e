import { randomUUIDv7 } from 'node:crypto'
import { AppError, type Input, isDay, type Party, type RelationshipId } from '@sotto/protocol'
import { findPeople } from '#features/people'
import type { Tx } from '#platform/database'
import { type Command, reads, writes } from '#platform/feature'
import { getKind } from './kinds.ts'
import { withNames } from './named.ts'
import {
  deleteRelationship,
  findCircles,
  findRelationship,
  listRelationships,
  peopleInCircles,
  putRelationships,
  type RelationshipRow,
} from './store.ts'
import { lockRules, type Supervising, supervise } from './supervision.ts'

export const relationshipHandlers: readonly Command[] = [
  reads('relationships.list', async ({ db }, { after, limit = 50, ...filter }) => {
    const found = await listRelationships(db, filter, { after, limit: limit + 1 })
    const shown = found.slice(0, limit)
    return {
      relationships: await withNames(db, shown),
      next: found.length > limit ? (shown.at(-1)?.id ?? null) : null,
    }
  }),
  writes('relationships.set', async (context, input) => {
    const { tx, audit } = context
    await lockRules(tx)
    const kind = await getKind(tx, input.kind)
    const row = await toRow(tx, input)
    const [id] = await putRelationships(tx, [row])
    const put = { ...row, id: id as RelationshipId }
    const { from_date, until_date } = put
    audit.record(context, {
      action: 'relationship.set',
      person: put.to_person ?? put.from_person,
      detail: { relationship: put.id, from: input.from, kind: kind.id, to: input.to, from_date, until_date },
    })
    if (kind.supervises) await supervise(context, await toSide(context, put))
    const [shown] = await withNames(tx, [put])
    if (!shown) throw new Error('a relationship was not set')
    return shown
  }),
  writes('relationships.end', async (context, { relationship: id }) => {
    const { tx, audit } = context
    await lockRules(tx)
    const row = await findRelationship(tx, id)
    if (!row) throw new AppError('not_found', 'relationship')
    const people = await toSide(context, row)
    await deleteRelationship(tx, id)
    audit.record(context, {
      action: 'relationship.set',
      person: row.to_person ?? row.from_person,
      detail: { relationship: id, ended: true, ...row },
    })
    if ((await getKind(tx, row.kind)).supervises) await supervise(context, people)
    return {}
  }),
]

/** Those whose threads it is about. */
async function toSide({ tx }: Supervising, row: RelationshipRow) {
  if (row.to_person) return [row.to_person]
  return row.to_circle ? peopleInCircles(tx, [row.to_circle]) : []
}

async function toRow(
  tx: Tx,
  { from, kind, to, fromDate, untilDate }: Input<'relationships.set'>,
): Promise<RelationshipRow> {
  if (fromDate !== null && !isDay(fromDate)) throw new AppError('invalid_input', 'fromDate')
  if (untilDate !== null && !isDay(untilDate)) throw new AppError('invalid_input', 'untilDate')
  if (fromDate !== null && untilDate !== null && untilDate < fromDate) throw new AppError('invalid_input', 'untilDate')
  const [one, other] = [columnsOf(from), columnsOf(to)]
  if (one.person !== null && one.person === other.person) throw new AppError('invalid_input', 'to')
  const people = [...new Set([one.person, other.person])].filter((id) => id !== null)
  if ((await findPeople(tx, people)).length < people.length) throw new AppError('not_found', 'person')
  const circles = [...new Set([one.circle, other.circle])].filter((id) => id !== null)
  if ((await findCircles(tx, circles)).length < circles.length) throw new AppError('not_found', 'circle')
  return {
    id: randomUUIDv7() as RelationshipId,
    from_person: one.person,
    from_circle: one.circle,
    kind,
    to_person: other.person,
    to_circle: other.circle,
    from_date: fromDate,
    until_date: untilDate,
  }
}

function columnsOf(party: Party) {
  return 'person' in party ? { person: party.person, circle: null } : { person: null, circle: party.circle }
}
