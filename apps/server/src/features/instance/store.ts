import type { InstanceSettings } from '@sotto/protocol'
import { sql } from 'kysely'
import type { Db, Tx } from '#platform/database'

type Tables = {
  instance: {
    only_one: boolean
    name: string
    open_sign_up: boolean
    ready: boolean
    settings: Partial<InstanceSettings>
  }
}
export type InstanceRow = Omit<Tables['instance'], 'only_one' | 'settings'>

const columns = ['name', 'open_sign_up', 'ready'] as const

export async function getInstance(db: Db | Tx): Promise<InstanceRow> {
  return db.withTables<Tables>().selectFrom('instance').select(columns).executeTakeFirstOrThrow()
}

export async function lockInstance(tx: Tx): Promise<InstanceRow> {
  return tx.withTables<Tables>().selectFrom('instance').select(columns).forUpdate().executeTakeFirstOrThrow()
}

export async function updateInstance(tx: Tx, change: Partial<InstanceRow>): Promise<InstanceRow> {
  return tx
    .withTables<Tables>()
    .updateTable('instance')
    .set({ only_one: true, ...change })
    .returning(columns)
    .executeTakeFirstOrThrow()
}

/** What differs from the defaults. */
export async function readSettings(db: Db | Tx): Promise<Partial<InstanceSettings>> {
  return (await db.withTables<Tables>().selectFrom('instance').select('settings').executeTakeFirstOrThrow()).settings
}

export async function mergeSettings(tx: Tx, change: Partial<InstanceSettings>): Promise<Partial<InstanceSettings>> {
  const row = await tx
    .withTables<Tables>()
    .updateTable('instance')
    .set({ settings: sql`settings || ${JSON.stringify(change)}::jsonb` })
    .returning('settings')
    .executeTakeFirstOrThrow()
  return row.settings
}
