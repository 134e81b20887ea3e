import { AppError, type Input, mayGive, type Permission, type Role, type RoleId } from '@sotto/protocol'
import type { Db, Tx } from '#platform/database'
import { type Feature, reads, type WriteContext, writes } from '#platform/feature'
import { deleteRole, findRole, insertRole, listRoles, lockRole, updateRole } from './store.ts'

export const roles: Feature = {
  name: 'roles',
  commands: [
    reads('roles.list', async ({ db }) => ({ roles: await listRoles(db) })),
    writes('roles.create', async (context, { role: id, name, permissions }) => {
      requireGiving(context.permissions, permissions)
      const role = { id, name: name.trim(), permissions, builtIn: false }
      if (!(await insertRole(context.tx, role))) throw new AppError('name_taken', 'role')
      context.audit.record(context, { action: 'role.made', detail: { role: id, name: role.name, permissions } })
      return role
    }),
    writes('roles.delete', async (context, { role: id }) => {
      const role = await lockOwn(context.tx, id)
      requireGiving(context.permissions, role.permissions)
      await deleteRole(context.tx, id).catch((error) => {
        // Somebody has it, or an invitation gives it.
        if (error.code === '23503') throw new AppError('conflict', 'in use')
        throw error
      })
      context.audit.record(context, { action: 'role.deleted', detail: { role: id } })
      return {}
    }),
  ],
}

/** For whoever knows who has the role, and tells them: `roles.change` is bound there. */
export async function changeRole(
  { tx, permissions: mine }: WriteContext,
  { role: id, before, name, permissions }: Input<'roles.change'>,
): Promise<Role> {
  const role = await lockOwn(tx, id)
  requireGiving(mine, [...role.permissions, ...permissions])
  // Of two who change a role at once, the second has not seen what the first one made of it.
  if (!sameSet(role.permissions, before)) throw new AppError('conflict', 'permissions')
  const changed = { ...role, name: name.trim(), permissions }
  await updateRole(tx, changed)
  return changed
}

/** Throws `not_found`. */
export async function getRole(db: Db | Tx, id: RoleId): Promise<Role> {
  const role = await findRole(db, id)
  if (!role) throw new AppError('not_found', 'role')
  return role
}

/** Throws `forbidden` where somebody with the permissions `mine` would hand out, or take away, more than they have. */
export function requireGiving(mine: readonly Permission[], permissions: readonly Permission[]): void {
  if (!mayGive(mine, permissions)) throw new AppError('forbidden', 'permissions')
}

/** A role that the instance has made itself: what the built-in ones permit is fixed. */
async function lockOwn(tx: Tx, id: RoleId): Promise<Role> {
  const role = await lockRole(tx, id)
  if (!role) throw new AppError('not_found', 'role')
  if (role.builtIn) throw new AppError('forbidden', 'built-in')
  return role
}

function sameSet(one: readonly Permission[], other: readonly Permission[]): boolean {
  return one.length === other.length && one.every((permission) => other.includes(permission))
}
