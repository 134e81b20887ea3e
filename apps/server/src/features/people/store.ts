import type { Person, PersonId, RoleId } from '@sotto/protocol'
import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Db, Tx } from '#platform/database'

type Tables = {
  people: {
    id: PersonId
    name: string
    display_name: string
    status: string
    time_zone: string
    picture: string | null
    role: RoleId
    password_hash: string
    created_at: Date
    suspended_at: Date | null
    suspended_until: Date | null
    suspended_why: Buffer | null
    password_reset: string | null
  }
  blocks: { person: PersonId; blocked: PersonId; at: Date }
}
type Row = Pick<Tables['people'], (typeof shown)[number]>
/** Since when, until when (null for good), and why, sealed. */
export interface Suspension {
  readonly at: Date
  readonly until: Date | null
  readonly why: Buffer
}

const shown = ['id', 'name', 'display_name', 'status', 'time_zone', 'picture', 'role'] as const

function toPerson(row: Row): Person {
  const { id, name, status, picture, role } = row
  return { id, name, displayName: row.display_name, status, timeZone: row.time_zone, picture, role }
}

export async function insertPerson(
  tx: Tx,
  person: { id: PersonId; name: string; displayName: string; role: RoleId; passwordHash: string; createdAt: Date },
): Promise<Person | undefined> {
  const row = await tx
    .withTables<Tables>()
    .insertInto('people')
    .values({
      id: person.id,
      name: person.name,
      display_name: person.displayName,
      status: '',
      time_zone: '',
      picture: null,
      role: person.role,
      password_hash: person.passwordHash,
      created_at: person.createdAt,
      suspended_at: null,
      suspended_until: null,
      suspended_why: null,
      password_reset: null,
    })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning(shown)
    .executeTakeFirst()
  return row && toPerson(row)
}

export async function findPeople(db: Db | Tx, people: readonly PersonId[]): Promise<Person[]> {
  if (people.length === 0) return []
  const rows = await db.withTables<Tables>().selectFrom('people').select(shown).where('id', 'in', people).execute()
  return rows.map(toPerson)
}

/** Only their ids and names, however many they are. */
export async function peopleByName(db: Db | Tx, names: readonly string[]): Promise<Pick<Person, 'id' | 'name'>[]> {
  return db
    .withTables<Tables>()
    .selectFrom('people')
    .select(['id', 'name'])
    .where('name', '=', sql<string>`any(${names}::text[])`)
    .execute()
}

export async function findCredentials(
  db: Db | Tx,
  by: { name: string } | { id: PersonId },
): Promise<{ id: PersonId; passwordHash: string } | undefined> {
  const query = db.withTables<Tables>().selectFrom('people').select(['id', 'password_hash'])
  const row = await ('name' in by
    ? query.where('name', '=', by.name)
    : query.where('id', '=', by.id)
  ).executeTakeFirst()
  return row && { id: row.id, passwordHash: row.password_hash }
}

export async function updatePerson(
  tx: Tx,
  id: PersonId,
  change: {
    displayName?: string | undefined
    status?: string | undefined
    timeZone?: string | undefined
    picture?: string | null
    role?: RoleId
    passwordHash?: string
  },
): Promise<Person | undefined> {
  const row = await tx
    .withTables<Tables>()
    .updateTable('people')
    .set({
      id,
      ...(change.displayName !== undefined && { display_name: change.displayName }),
      ...(change.status !== undefined && { status: change.status }),
      ...(change.timeZone !== undefined && { time_zone: change.timeZone }),
      ...(change.picture !== undefined && { picture: change.picture }),
      ...(change.role !== undefined && { role: change.role }),
      ...(change.passwordHash !== undefined && { password_hash: change.passwordHash }),
    })
    .where('id', '=', id)
    .returning(shown)
    .executeTakeFirst()
  return row && toPerson(row)
}

/** Nobody gives this person another role, or suspends them, until the transaction ends. */
export async function lockPerson(tx: Tx, id: PersonId): Promise<Person | undefined> {
  const row = await tx
    .withTables<Tables>()
    .selectFrom('people')
    .select(shown)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  return row && toPerson(row)
}

/** The ids of all owners, locked against a change of role until the transaction ends. */
export async function lockOwners(tx: Tx): Promise<PersonId[]> {
  const rows = await tx
    .withTables<Tables>()
    .selectFrom('people')
    .select('id')
    .where('role', '=', 'owner')
    .orderBy('id')
    .forUpdate()
    .execute()
  return rows.map((row) => row.id)
}

/** In the order of their names, from after one; with `among` only of these people. A prefix matches the name or the start of a word of the display name. */
export async function listPeople(db: Db, page: Page): Promise<Person[]> {
  return (await pageOf(db, page).select(shown).execute()).map(toPerson)
}

/** The same, with what only those see who manage people. */
export async function listManaged(
  db: Db | Tx,
  page: Page,
): Promise<{ person: Person; createdAt: Date; suspension: Suspension | undefined }[]> {
  const rows = await pageOf(db, page)
    .select(shown)
    .select(['created_at', 'suspended_at', 'suspended_until', 'suspended_why'])
    .execute()
  return rows.map((row) => ({ person: toPerson(row), createdAt: row.created_at, suspension: toSuspension(row) }))
}

interface Page {
  readonly prefix: string
  readonly after: string
  readonly limit: number
  /** Only these; given or as a part of the query. */
  readonly among?: readonly PersonId[] | RawBuilder<PersonId>
  readonly without?: readonly PersonId[]
}

function pageOf(db: Db | Tx, page: Page) {
  let query = db.withTables<Tables>().selectFrom('people').where('name', '>', page.after)
  if (page.without?.length) query = query.where('id', '!=', sql<PersonId>`all(${page.without}::uuid[])`)
  if (page.among && 'length' in page.among) query = query.where('id', '=', sql<PersonId>`any(${page.among}::uuid[])`)
  else if (page.among) query = query.where('id', 'in', page.among)
  if (page.prefix !== '') {
    const literal = page.prefix.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')
    query = query.where((row) =>
      row.or([
        row('name', 'like', `${literal}%`),
        sql<SqlBool>`lower(display_name) like ${`${literal}%`}`,
        sql<SqlBool>`lower(display_name) like ${`% ${literal}%`}`,
      ]),
    )
  }
  return query.orderBy('name').limit(page.limit)
}

export async function peopleWithRole(db: Db | Tx, role: RoleId): Promise<PersonId[]> {
  const rows = await db.withTables<Tables>().selectFrom('people').select('id').where('role', '=', role).execute()
  return rows.map((row) => row.id)
}

function toSuspension(row: Pick<Tables['people'], 'suspended_at' | 'suspended_until' | 'suspended_why'>) {
  const { suspended_at, suspended_until, suspended_why } = row
  return suspended_at && suspended_why ? { at: suspended_at, until: suspended_until, why: suspended_why } : undefined
}

/** Nobody begins or ends a suspension while this transaction lasts. */
export async function holdSuspension(tx: Tx, id: PersonId): Promise<Suspension | undefined> {
  const row = await tx
    .withTables<Tables>()
    .selectFrom('people')
    .select(['suspended_at', 'suspended_until', 'suspended_why'])
    .where('id', '=', id)
    .forShare()
    .executeTakeFirst()
  return row && toSuspension(row)
}

/** Who of these may sign in at this time. */
export async function unsuspended(db: Db | Tx, people: readonly PersonId[], now: Date): Promise<PersonId[]> {
  const rows = await db
    .withTables<Tables>()
    .selectFrom('people')
    .select('id')
    .where('id', '=', sql<PersonId>`any(${people}::uuid[])`)
    .where((row) => row.or([row('suspended_at', 'is', null), row('suspended_until', '<=', now)]))
    .execute()
  return rows.map((row) => row.id)
}

export async function setSuspension(tx: Tx, id: PersonId, suspension: Suspension | null): Promise<void> {
  await tx
    .withTables<Tables>()
    .updateTable('people')
    .set({
      suspended_at: suspension?.at ?? null,
      suspended_until: suspension?.until ?? null,
      suspended_why: suspension?.why ?? null,
    })
    .where('id', '=', id)
    .execute()
}

/** Makes the password void until the reset is used. */
export async function beginReset(tx: Tx, id: PersonId, reset: string): Promise<void> {
  await tx
    .withTables<Tables>()
    .updateTable('people')
    .set({ password_reset: reset, password_hash: '' })
    .where('id', '=', id)
    .execute()
}

/** Uses a reset up. False where it is not the last one, or was used. */
export async function useReset(tx: Tx, id: PersonId, reset: string, passwordHash: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .withTables<Tables>()
    .updateTable('people')
    .set({ password_reset: null, password_hash: passwordHash })
    .where('id', '=', id)
    .where('password_reset', '=', reset)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function insertBlock(tx: Tx, person: PersonId, blocked: PersonId, at: Date): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .withTables<Tables>()
    .insertInto('blocks')
    .values({ person, blocked, at })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

export async function deleteBlock(tx: Tx, person: PersonId, blocked: PersonId): Promise<boolean> {
  const { numDeletedRows } = await tx
    .withTables<Tables>()
    .deleteFrom('blocks')
    .where('person', '=', person)
    .where('blocked', '=', blocked)
    .executeTakeFirst()
  return numDeletedRows === 1n
}

export async function hasBlocked(db: Db | Tx, person: PersonId, other: PersonId): Promise<boolean> {
  const row = await db
    .withTables<Tables>()
    .selectFrom('blocks')
    .select('at')
    .where('person', '=', person)
    .where('blocked', '=', other)
    .executeTakeFirst()
  return row !== undefined
}

/** Whom a person has blocked, or who has blocked them: neither finds the other. */
export async function hiddenFrom(db: Db | Tx, person: PersonId): Promise<PersonId[]> {
  const tables = db.withTables<Tables>()
  const rows = await tables
    .selectFrom('blocks')
    .select('blocked as other')
    .where('person', '=', person)
    .union(tables.selectFrom('blocks').select('person as other').where('blocked', '=', person))
    .execute()
  return rows.map((row) => row.other)
}

/** Those of these people who have blocked somebody. */
export async function blockersOf(
  db: Db | Tx,
  person: PersonId,
  among: readonly PersonId[],
): Promise<ReadonlySet<PersonId>> {
  const rows = await db
    .withTables<Tables>()
    .selectFrom('blocks')
    .select('person')
    .where('blocked', '=', person)
    .where('person', '=', sql<PersonId>`any(${among}::uuid[])`)
    .execute()
  return new Set(rows.map((row) => row.person))
}
