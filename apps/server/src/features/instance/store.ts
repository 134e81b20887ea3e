import type { Db, Tx } from '#platform/database'

type Tables = { instance: { only_one: boolean; name: string; open_sign_up: boolean; ready: boolean } }
export type InstanceRow = Omit<Tables['instance'], 'only_one'>

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
