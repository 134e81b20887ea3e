import Type, { type Static } from 'typebox'
import { command } from './define.ts'
import { allPermissions, type Permission } from './permissions.ts'
import { exactly, line, Nothing, oneOf } from './types.ts'

export type { Permission } from './permissions.ts'

/** `owner`, `admin`, `moderator`, `member`, `guest`, or one that the instance has made. */
export const RoleId = Type.String({ pattern: '^[a-z][a-z0-9-]{1,31}$', description: 'A role of this instance.' })
export type RoleId = Static<typeof RoleId>

export const PermissionName = oneOf(...(allPermissions as readonly [Permission, ...Permission[]]))

export const Role = exactly({
  id: RoleId,
  name: Type.String({ description: 'As people see it; empty for a built-in role, which the apps name.' }),
  permissions: Type.Array(PermissionName),
  builtIn: Type.Boolean(),
})
export type Role = Static<typeof Role>

const wanted = { name: line(40), permissions: Type.Array(PermissionName, { maxItems: 50, uniqueItems: true }) }

export const roleCommands = [
  command({
    name: 'roles.list',
    rest: 'GET /roles',
    access: 'signed_in',
    summary: 'The roles of this instance and what each permits.',
    input: Nothing,
    reply: exactly({ roles: Type.Array(Role) }),
  }),
  command({
    name: 'roles.create',
    rest: 'POST /roles',
    access: 'signed_in',
    permission: 'roles.manage',
    summary: 'Makes a role. Nobody can put into it what they may not do themselves.',
    input: exactly({ role: RoleId, ...wanted }),
    reply: Role,
  }),
  command({
    name: 'roles.change',
    rest: 'PUT /roles/{role}',
    access: 'signed_in',
    permission: 'roles.manage',
    summary:
      'Changes a role that the instance has made. `before` is what it permitted when one looked: of two who change it at once, one is told.',
    input: exactly({ role: RoleId, before: Type.Array(PermissionName), ...wanted }),
    reply: Role,
  }),
  command({
    name: 'roles.delete',
    rest: 'DELETE /roles/{role}',
    access: 'signed_in',
    permission: 'roles.manage',
    summary: 'Deletes a role that nobody has any more.',
    input: exactly({ role: RoleId }),
    reply: Nothing,
  }),
] as const
