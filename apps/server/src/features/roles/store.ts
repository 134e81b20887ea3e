import { builtInRoles, type Permission, type Role, type RoleId } from '@sotto/protocol'
import type { Db, Tx } from '#platform/database'

type Tables = {
  roles: { id: RoleId; name: string; permissions: Permission[]; built_in: boolean }
}
type Row = Tables['roles']

function toRole({ id, name, permissions, built_in }: Row): Role {
  const fixed = (builtInRoles as Record<string, readonly Permission[]>)[id]
  return { id, name, builtIn: built_in, permissions: [...(fixed ?? permissions)] }
}

export async function listRoles(db: Db | Tx): Promise<Role[]> {
  return (await db.withTables<Tables>().selectFrom('roles').selectAll().orderBy('id').execute()).map(toRole)
}

export async function findRole(db: Db | Tx, id: RoleId): Promise<Role | undefined> {
  const row = await db.withTables<Tables>().selectFrom('roles').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toRole(row)
}

/** Locked until the transaction ends. */
export async function lockRole(tx: Tx, id: RoleId): Promise<Role | undefined> {
  const row = await tx
    .withTables<Tables>()
    .selectFrom('roles')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  return row && toRole(row)
}

/** False where there is one with this id. */
export async function insertRole(tx: Tx, role: Role): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .withTables<Tables>()
    .insertInto('roles')
    .values({ id: role.id, name: role.name, permissions: role.permissions, built_in: false })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

export async function updateRole(tx: Tx, role: Role): Promise<void> {
  await tx
    .withTables<Tables>()
    .updateTable('roles')
    .set({ name: role.name, permissions: role.permissions })
    .where('id', '=', role.id)
    .execute()
}

export async function deleteRole(tx: Tx, id: RoleId): Promise<void> {
  await tx.withTables<Tables>().deleteFrom('roles').where('id', '=', id).execute()
}
