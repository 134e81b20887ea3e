import type { Permission } from '@sotto/protocol'
import type { WordKey } from '#words/t.ts'

interface AdminPlace {
  readonly path: string
  readonly title: WordKey
  readonly permission: Permission
}

/** What there is to look after, in the order of the menu, and what one must be permitted to see it. */
export const adminPlaces = [
  { path: 'people', title: 'peopleAdmin.title', permission: 'people.manage' },
  { path: 'invitations', title: 'invitations.title', permission: 'people.invite' },
  { path: 'roles', title: 'rolesAdmin.title', permission: 'roles.manage' },
  { path: 'channels', title: 'channelAdmin.title', permission: 'channels.manage' },
  { path: 'reports', title: 'reports.title', permission: 'messages.moderate' },
  { path: 'relationships', title: 'relationships.title', permission: 'relationships.manage' },
  { path: 'organisation', title: 'organisation.title', permission: 'instance.manage' },
  { path: 'audit', title: 'audit.title', permission: 'audit.read' },
  { path: 'health', title: 'health.title', permission: 'instance.manage' },
] as const satisfies readonly AdminPlace[]

export type AdminPath = (typeof adminPlaces)[number]['path']

/** The places somebody may see; none for most people. */
export function placesFor(permissions: readonly Permission[]): readonly (typeof adminPlaces)[number][] {
  return adminPlaces.filter(({ permission }) => permissions.includes(permission))
}
