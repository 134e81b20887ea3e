import type { CircleId, Effects, KindId, PersonId, RelationshipId, RelationshipKind } from '@sotto/protocol'
import { type SqlBool, sql } from 'kysely'
import type { Db, Tx } from '#platform/database'

type Tables = {
  circles: { id: CircleId; name: string }
  circle_members: { circle: CircleId; person: PersonId }
  relationship_kinds: {
    id: KindId
    name: string
    back_name: string
    find: Effects['find']
    start: Effects['start']
    supervises: boolean
    built_in: boolean
  }
  relationships: {
    id: RelationshipId
    from_person: PersonId | null
    from_circle: CircleId | null
    kind: KindId
    to_person: PersonId | null
    to_circle: CircleId | null
    from_date: string | null
    until_date: string | null
  }
}
export type RelationshipRow = Tables['relationships']
type CircleRow = Tables['circles'] & { members: number }

const membersOfCircle = sql<number>`(select count(*) from circle_members m where m.circle = circles.id)`

// ── circles

export async function listCircles(
  db: Db,
  { find, after, limit }: { find: string; after: string; limit: number },
): Promise<CircleRow[]> {
  const name = sql<string>`lower(name)`
  let query = db.withTables<Tables>().selectFrom('circles').selectAll().select(membersOfCircle.as('members'))
  if (after !== '') query = query.where(name, '>', sql<string>`lower(${after})`)
  if (find !== '') {
    const pattern = `%${find.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`
    query = query.where(sql<SqlBool>`lower(name) like ${pattern}`)
  }
  return query.orderBy(name).limit(limit).execute()
}

export async function findCircle(db: Db | Tx, id: CircleId): Promise<CircleRow | undefined> {
  return db
    .withTables<Tables>()
    .selectFrom('circles')
    .selectAll()
    .select(membersOfCircle.as('members'))
    .where('id', '=', id)
    .executeTakeFirst()
}

export async function findCircles(db: Db | Tx, ids: readonly CircleId[]): Promise<Tables['circles'][]> {
  return db
    .withTables<Tables>()
    .selectFrom('circles')
    .selectAll()
    .where('id', '=', sql<CircleId>`any(${ids}::uuid[])`)
    .execute()
}

/** Whatever the case of their letters. */
export async function findCirclesByName(db: Db | Tx, names: readonly string[]): Promise<Tables['circles'][]> {
  return db
    .withTables<Tables>()
    .selectFrom('circles')
    .selectAll()
    .where(sql<string>`lower(name)`, '=', sql<string>`any(${names.map((name) => name.toLowerCase())}::text[])`)
    .execute()
}

/** False where another one has this name. */
export async function putCircle(tx: Tx, circle: Tables['circles']): Promise<boolean> {
  const taken = (await findCirclesByName(tx, [circle.name])).some((other) => other.id !== circle.id)
  if (taken) return false
  await tx
    .withTables<Tables>()
    .insertInto('circles')
    .values(circle)
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ name: circle.name }))
    .execute()
  return true
}

/** With its members and the relationships that name it. */
export async function deleteCircle(tx: Tx, id: CircleId): Promise<void> {
  await tx.withTables<Tables>().deleteFrom('circles').where('id', '=', id).execute()
}

/** Everybody who is in one of these circles; with `among` only of these people. */
export async function peopleInCircles(
  db: Db | Tx,
  circles: readonly CircleId[],
  among?: readonly PersonId[],
): Promise<PersonId[]> {
  if (circles.length === 0) return []
  let query = db
    .withTables<Tables>()
    .selectFrom('circle_members')
    .select('person')
    .distinct()
    .where('circle', '=', sql<CircleId>`any(${circles}::uuid[])`)
  if (among) query = query.where('person', '=', sql<PersonId>`any(${among}::uuid[])`)
  return (await query.execute()).map((row) => row.person)
}

/** The circles of these people, by name. */
export async function circlesOf(
  db: Db | Tx,
  people: readonly PersonId[],
): Promise<(Tables['circles'] & { person: PersonId })[]> {
  return db
    .withTables<Tables>()
    .selectFrom('circle_members')
    .innerJoin('circles', 'circles.id', 'circle_members.circle')
    .select(['circles.id', 'circles.name', 'circle_members.person'])
    .where('circle_members.person', '=', sql<PersonId>`any(${people}::uuid[])`)
    .orderBy(sql`lower(circles.name)`)
    .execute()
}

export async function changeMembers(
  tx: Tx,
  circle: CircleId,
  add: readonly PersonId[],
  remove: readonly PersonId[],
): Promise<void> {
  const tables = tx.withTables<Tables>()
  if (add.length > 0)
    await tables
      .insertInto('circle_members')
      .values(add.map((person) => ({ circle, person })))
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  if (remove.length > 0)
    await tables
      .deleteFrom('circle_members')
      .where('circle', '=', circle)
      .where('person', '=', sql<PersonId>`any(${remove}::uuid[])`)
      .execute()
}

// ── kinds

export async function listKinds(db: Db | Tx): Promise<RelationshipKind[]> {
  const rows = await db.withTables<Tables>().selectFrom('relationship_kinds').selectAll().orderBy('id').execute()
  return rows.map(({ back_name, built_in, ...kind }) => ({ ...kind, backName: back_name, builtIn: built_in }))
}

/** False where there is one with this id. */
export async function insertKind(tx: Tx, kind: RelationshipKind): Promise<boolean> {
  const { id, name, backName, find, start, supervises, builtIn } = kind
  const { numInsertedOrUpdatedRows } = await tx
    .withTables<Tables>()
    .insertInto('relationship_kinds')
    .values({ id, name, back_name: backName, find, start, supervises, built_in: builtIn })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

export async function updateKind(tx: Tx, kind: RelationshipKind): Promise<void> {
  const { id, name, backName, find, start, supervises } = kind
  await tx
    .withTables<Tables>()
    .updateTable('relationship_kinds')
    .set({ name, back_name: backName, find, start, supervises })
    .where('id', '=', id)
    .execute()
}

export async function deleteKind(tx: Tx, id: KindId): Promise<void> {
  await tx.withTables<Tables>().deleteFrom('relationship_kinds').where('id', '=', id).execute()
}

// ── relationships

export interface RelationshipFilter {
  readonly person?: PersonId | undefined
  readonly circle?: CircleId | undefined
  readonly kind?: KindId | undefined
}

/** The latest first, below `after`. */
export async function listRelationships(
  db: Db | Tx,
  { person, circle, kind }: RelationshipFilter,
  { after, limit }: { after?: RelationshipId | undefined; limit: number },
): Promise<RelationshipRow[]> {
  let query = db.withTables<Tables>().selectFrom('relationships').selectAll()
  if (person) query = query.where((row) => row.or([row('from_person', '=', person), row('to_person', '=', person)]))
  if (circle) query = query.where((row) => row.or([row('from_circle', '=', circle), row('to_circle', '=', circle)]))
  if (kind) query = query.where('kind', '=', kind)
  if (after) query = query.where('id', '<', after)
  return query.orderBy('id', 'desc').limit(limit).execute()
}

/** How many name a circle, and whether one of them is of a kind that supervises. */
export async function countOfCircle(tx: Tx, circle: CircleId): Promise<{ count: number; supervising: boolean }> {
  return tx
    .withTables<Tables>()
    .selectFrom('relationships')
    .innerJoin('relationship_kinds as k', 'k.id', 'relationships.kind')
    .select((row) => row.fn.countAll<number>().as('count'))
    .select(sql<boolean>`coalesce(bool_or(k.supervises), false)`.as('supervising'))
    .where((row) => row.or([row('from_circle', '=', circle), row('to_circle', '=', circle)]))
    .executeTakeFirstOrThrow()
}

export async function findRelationship(db: Db | Tx, id: RelationshipId): Promise<RelationshipRow | undefined> {
  return db.withTables<Tables>().selectFrom('relationships').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function deleteRelationship(tx: Tx, id: RelationshipId): Promise<void> {
  await tx.withTables<Tables>().deleteFrom('relationships').where('id', '=', id).execute()
}

/** All columns of many rows as arrays, one parameter each. */
function columnsOf(rows: readonly RelationshipRow[]) {
  return sql`unnest(${rows.map((row) => row.id)}::uuid[], ${rows.map((row) => row.from_person)}::uuid[],
    ${rows.map((row) => row.from_circle)}::uuid[], ${rows.map((row) => row.kind)}::text[],
    ${rows.map((row) => row.to_person)}::uuid[], ${rows.map((row) => row.to_circle)}::uuid[],
    ${rows.map((row) => row.from_date)}::date[], ${rows.map((row) => row.until_date)}::date[])
    as w(id, from_person, from_circle, kind, to_person, to_circle, from_date, until_date)`
}

const sameSides = sql`coalesce(r.from_person, r.from_circle) = coalesce(w.from_person, w.from_circle)
  and r.kind = w.kind and coalesce(r.to_person, r.to_circle) = coalesce(w.to_person, w.to_circle)`

/** What `putRelationships` would do to each of them. */
export async function compareRelationships(
  db: Db | Tx,
  rows: readonly RelationshipRow[],
): Promise<{ added: number; changed: number; unchanged: number }> {
  const { rows: counts } = await sql<{ added: number; changed: number; unchanged: number }>`
    select count(*) filter (where r.id is null) as added,
      count(*) filter (where r.id is not null and (r.from_date, r.until_date) is distinct from (w.from_date, w.until_date)) as changed,
      count(*) filter (where r.id is not null and (r.from_date, r.until_date) is not distinct from (w.from_date, w.until_date)) as unchanged
    from ${columnsOf(rows)} left join relationships r on ${sameSides}`.execute(db)
  return counts[0] ?? { added: 0, changed: 0, unchanged: 0 }
}

/** Adds them, or gives those that exist these dates. No two of them may have the same sides and kind. */
export async function putRelationships(tx: Tx, rows: readonly RelationshipRow[]): Promise<RelationshipId[]> {
  const { rows: put } = await sql<{ id: RelationshipId }>`
    insert into relationships as r select * from ${columnsOf(rows)}
    on conflict ((coalesce(from_person, from_circle)), kind, (coalesce(to_person, to_circle)))
      do update set from_date = excluded.from_date, until_date = excluded.until_date
    returning r.id`.execute(tx)
  return put.map((row) => row.id)
}

/** A relationship seen from one of its sides, whatever its dates: it binds `person` to one of the people or circles on the other side. */
export interface TieRow extends RelationshipRow {
  readonly forward: boolean
  readonly person: PersonId
  readonly effects: Effects
}

/** Everything that binds a person to anybody, directly or through circles of theirs. */
export async function tiesOf(db: Db | Tx, person: PersonId): Promise<TieRow[]> {
  const mine = (await circlesOf(db, [person])).map((circle) => circle.id)
  const { rows } = await sql<RelationshipRow & Effects & { forward: boolean }>`
    select r.*, true as forward, k.find, k.start, k.supervises from relationships r join relationship_kinds k on k.id = r.kind
      where r.from_person = ${person} or r.from_circle = any(${mine}::uuid[])
    union all
    select r.*, false, k.find, k.start, k.supervises from relationships r join relationship_kinds k on k.id = r.kind
      where r.to_person = ${person} or r.to_circle = any(${mine}::uuid[])`.execute(db)
  return rows.map(({ find, start, supervises, ...row }) => ({ ...row, person, effects: { find, start, supervises } }))
}

/** What makes somebody a supervisor of somebody: `supervisor` has it with `of`. */
export interface SupervisionRow extends RelationshipRow {
  readonly supervisor: PersonId
  readonly of: PersonId
  readonly effects: Effects
}

/** Everything by which these people are supervised, whatever its dates. */
export async function supervisionOf(db: Db | Tx, people: readonly PersonId[]): Promise<SupervisionRow[]> {
  if (people.length === 0) return []
  const { rows } = await sql<SupervisionRow & Effects>`
    with asked as (select unnest(${people}::uuid[]) as person),
    bound as (
      select r.*, a.person as target from asked a join relationships r on r.to_person = a.person
      union all
      select r.*, a.person from asked a join circle_members m on m.person = a.person join relationships r on r.to_circle = m.circle
    )
    select b.*, b.target as "of", coalesce(b.from_person, m.person) as supervisor, k.find, k.start, k.supervises
    from bound b join relationship_kinds k on k.id = b.kind and k.supervises left join circle_members m on m.circle = b.from_circle
    where coalesce(b.from_person, m.person) <> b.target
    order by supervisor, b.id`.execute(db)
  return rows.map(({ find, start, supervises, ...row }) => ({ ...row, effects: { find, start, supervises } }))
}
