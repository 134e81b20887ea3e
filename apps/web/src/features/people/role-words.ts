import type { Person, Role } from '@sotto/protocol'
import { onMounted, shallowRef } from 'vue'
import { useClient } from '#data/client.ts'
import { t, type WordKey } from '#words/t.ts'

const builtIn = new Set(['owner', 'admin', 'moderator', 'member', 'guest'])

/** What a role is called: the built-in ones in the person’s language, the others as the organisation named them. */
export function roleWords(id: string, roles: readonly Role[] = []): string {
  if (builtIn.has(id)) return t(`roles.${id}` as WordKey)
  return roles.find((role) => role.id === id)?.name || id
}

/** Whether a role is worth a word beside a name: what nearly everybody is says nothing. */
export function showsRole({ role }: Pick<Person, 'role'>): boolean {
  return role !== 'member'
}

/** The roles of the organisation; empty until they are known. */
export function useRoles() {
  const client = useClient()
  const roles = shallowRef<readonly Role[]>([])
  onMounted(async () => {
    roles.value = (await client.call('roles.list', {}).catch(() => ({ roles: [] }))).roles
  })
  return roles
}
