import { sql } from 'kysely'
import type { Db } from '#platform/database'

export async function databaseBytes(db: Db): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`select pg_database_size(current_database()) as bytes`.execute(db)
  return rows[0]?.bytes ?? 0
}

/** Milliseconds for the shortest question there is. */
export async function roundTrip(db: Db): Promise<number> {
  const began = performance.now()
  await sql`select 1`.execute(db)
  return Math.round((performance.now() - began) * 100) / 100
}
