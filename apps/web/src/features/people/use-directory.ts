import type { Person } from '@sotto/protocol'
import { type Ref, ref } from 'vue'
import { useClient } from '#data/client.ts'
import { usePages } from '#data/use-pages.ts'

/** Those whose name begins with a prefix. */
export type FindPeople = (prefix: string) => Promise<readonly Person[]>

/** People whose name begins with what was typed. `find` finds others than the directory does. */
export function useDirectory(prefix: Ref<string> = ref(''), find?: FindPeople) {
  const client = useClient()
  const { items: people, ...pages } = usePages(
    async (from) => {
      const wanted = prefix.value.trim()
      if (find) return { items: await find(wanted), next: null }
      const page = await client.call('people.list', { prefix: wanted, limit: 50, ...from })
      return { items: page.people, next: page.next }
    },
    { on: prefix, typed: true },
  )
  return { prefix, people, ...pages }
}
