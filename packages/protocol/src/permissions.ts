/**
 * What an instance role can permit: the closed list. A role is a named set of these, on top of what everybody may who is signed in; what
 * one may do inside a conversation depends on one’s role there.
 */
export const permissions = {
  'people.browse': 'Find people in the directory.',
  'threads.start': 'Begin a private thread.',
  'groups.create': 'Make groups.',
  'channels.browse': 'See the list of channels, preview and join listed ones.',
  'channels.create': 'Make channels.',
  'channels.manage': 'Change, close and delete every channel.',
  'people.invite': 'Make invitation links.',
  'people.manage': 'Give roles, suspend people and reset their passwords.',
  'roles.manage': 'Make and change roles.',
  'relationships.manage': 'Say who teaches, guards or cares for whom.',
  'bulk.send': 'Write to many people at once.',
  'messages.moderate': 'Review reports and act on them.',
  'audit.read': 'Read the audit record.',
  'instance.manage': 'Change the settings of the instance and its keys.',
  'instance.own': 'Give and take the role of owner.',
} as const

export type Permission = keyof typeof permissions
export const allPermissions = Object.keys(permissions) as readonly Permission[]

const member: readonly Permission[] = ['people.browse', 'threads.start', 'groups.create', 'channels.browse']

/** The roles every instance has. Their names are shown by the apps in the person’s language; their permissions are fixed. */
export const builtInRoles = {
  owner: allPermissions,
  admin: allPermissions.filter((permission) => permission !== 'instance.own'),
  moderator: [...member, 'messages.moderate'],
  member,
  guest: [],
} as const satisfies Record<string, readonly Permission[]>

/** Whether somebody with these permissions may give or take a role with those: nobody hands out more than they have. */
export function mayGive(mine: readonly Permission[], role: readonly Permission[]): boolean {
  return role.every((permission) => mine.includes(permission))
}
