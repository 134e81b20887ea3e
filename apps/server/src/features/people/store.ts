import type { Person, PersonId, RoleId } from '@sotto/protocol'
import { type SqlBool, sql } from 'kysely'
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
  }
}
type Row = Omit<Tables['people'], 'password_hash' | 'created_at'>

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
export async function listPeople(
  db: Db,
  page: { prefix: string; after: string; limit: number; among?: readonly PersonId[] },
): Promise<Person[]> {
  let query = db.withTables<Tables>().selectFrom('people').select(shown).where('name', '>', page.after)
  if (page.among) query = query.where('id', '=', sql<PersonId>`any(${page.among}::uuid[])`)
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
  return (await query.orderBy('name').limit(page.limit).execute()).map(toPerson)
}

export async function peopleWithRole(db: Db | Tx, role: RoleId): Promise<PersonId[]> {
  const rows = await db.withTables<Tables>().selectFrom('people').select('id').where('role', '=', role).execute()
  return rows.map((row) => row.id)
}
