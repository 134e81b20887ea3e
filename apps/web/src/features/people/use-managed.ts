import type { ManagedPerson, Person } from '@sotto/protocol'
import { ref } from 'vue'
import { useClient } from '#data/client.ts'
import { usePages } from '#data/use-pages.ts'

/** The directory for those who manage people: with who is suspended. */
export function useManaged() {
  const client = useClient()
  const prefix = ref('')
  const { items: managed, ...pages } = usePages(
    async (from) => {
      const page = await client.call('people.admin', { prefix: prefix.value.trim(), limit: 50, ...from })
      return { items: page.people, next: page.next }
    },
    { on: prefix, typed: true },
  )
  return {
    prefix,
    managed,
    ...pages,
    /** What is known of somebody by now. */
    replace(id: Person['id'], change: Partial<ManagedPerson>) {
      managed.value = managed.value?.map((one) => (one.person.id === id ? { ...one, ...change } : one)) ?? null
    },
  }
}
