import type { PersonId, SessionId } from '@sotto/protocol'
import type { Db, Tx } from '#platform/database'

type Tables = {
  sessions: {
    id: SessionId
    person: PersonId
    device: string
    address: string
    keep: 'cookie' | 'token'
    generation: number
    rotated_at: Date
    created_at: Date
    last_used_at: Date
    ended_at: Date | null
  }
}
export type SessionRow = Tables['sessions']

export async function insertSession(
  tx: Tx,
  session: Pick<SessionRow, 'id' | 'person' | 'device' | 'address' | 'keep'>,
  now: Date,
): Promise<void> {
  await tx
    .withTables<Tables>()
    .insertInto('sessions')
    .values({ ...session, generation: 1, rotated_at: now, created_at: now, last_used_at: now, ended_at: null })
    .execute()
}

export async function findSession(db: Db | Tx, id: SessionId): Promise<SessionRow | undefined> {
  return db
    .withTables<Tables>()
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
}

export async function lockSession(tx: Tx, id: SessionId): Promise<SessionRow | undefined> {
  return tx
    .withTables<Tables>()
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

export async function rotateSession(
  tx: Tx,
  id: SessionId,
  generation: number,
  address: string,
  now: Date,
): Promise<void> {
  await tx
    .withTables<Tables>()
    .updateTable('sessions')
    .set({ generation, rotated_at: now, last_used_at: now, address })
    .where('id', '=', id)
    .execute()
}

export async function touchSession(db: Db, id: SessionId, address: string, now: Date): Promise<void> {
  await db
    .withTables<Tables>()
    .updateTable('sessions')
    .set({ last_used_at: now, address })
    .where('id', '=', id)
    .execute()
}

export async function listSessions(db: Db, person: PersonId): Promise<SessionRow[]> {
  return db
    .withTables<Tables>()
    .selectFrom('sessions')
    .selectAll()
    .where('person', '=', person)
    .where('ended_at', 'is', null)
    .orderBy('last_used_at', 'desc')
    .orderBy('id')
    .execute()
}

/** Ends live sessions of one person: one of them, all, or all but one. Answers with those that ended now. */
export async function endRows(
  tx: Tx,
  person: PersonId,
  which: { only: SessionId } | { except: SessionId } | 'all',
  now: Date,
): Promise<SessionId[]> {
  let query = tx
    .withTables<Tables>()
    .updateTable('sessions')
    .set({ ended_at: now })
    .where('person', '=', person)
    .where('ended_at', 'is', null)
  if (which !== 'all')
    query = 'only' in which ? query.where('id', '=', which.only) : query.where('id', '!=', which.except)
  const rows = await query.returning('id').execute()
  return rows.map((row) => row.id)
}

/** How the devices of these sessions are called, ended ones too. */
export async function devicesOf(db: Db | Tx, sessions: readonly SessionId[]): Promise<Map<SessionId, string>> {
  if (sessions.length === 0) return new Map()
  const rows = await db
    .withTables<Tables>()
    .selectFrom('sessions')
    .select(['id', 'device'])
    .where('id', 'in', sessions)
    .execute()
  return new Map(rows.map((row) => [row.id, row.device]))
}
