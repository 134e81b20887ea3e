import type { ErrorCode, ManagedPerson, Person } from '@sotto/protocol'
import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { useClient } from '#data/client.ts'
import { codeOf } from '#data/use-task.ts'

const pageSize = 50
const pauseMs = 120

/** The directory for those who manage people: with who is suspended. */
export function useManaged() {
  const client = useClient()
  const prefix = ref('')
  const people = shallowRef<readonly ManagedPerson[] | null>(null)
  const next = ref<string | null>(null)
  const failed = ref<ErrorCode | null>(null)
  let asked = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  async function load(after: string | null): Promise<void> {
    const mine = ++asked
    try {
      const page = await client.call('people.admin', {
        prefix: prefix.value.trim(),
        limit: pageSize,
        ...(after && { after }),
      })
      if (mine !== asked) return
      people.value = after ? [...(people.value ?? []), ...page.people] : page.people
      next.value = page.next
      failed.value = null
    } catch (error) {
      if (mine === asked) failed.value = codeOf(error)
    }
  }
  watch(prefix, () => {
    clearTimeout(timer)
    timer = setTimeout(() => void load(null), pauseMs)
  })
  onScopeDispose(() => clearTimeout(timer))
  void load(null)
  return {
    prefix,
    people,
    next,
    failed,
    more: () => load(next.value),
    again: () => load(null),
    /** What is known of somebody by now. */
    replace(id: Person['id'], change: Partial<ManagedPerson>) {
      people.value = people.value?.map((one) => (one.person.id === id ? { ...one, ...change } : one)) ?? null
    },
  }
}
