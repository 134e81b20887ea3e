import type { ErrorCode, Person } from '@sotto/protocol'
import { onScopeDispose, type Ref, ref, shallowRef, watch } from 'vue'
import { useClient } from '#data/client.ts'
import { codeOf } from '#data/use-task.ts'

const pageSize = 50
const pauseMs = 120

export type Directory = ReturnType<typeof useDirectory>

/** Those whose name begins with a prefix. */
export type FindPeople = (prefix: string) => Promise<readonly Person[]>

/**
 * People whose name begins with what was typed, a page at a time. The last answer stays while the next one comes. `find` finds others than
 * the directory does.
 */
export function useDirectory(prefix: Ref<string> = ref(''), find?: FindPeople) {
  const client = useClient()
  const pageOf = async (wanted: string, after: string | null) =>
    find
      ? { people: await find(wanted), next: null }
      : client.call('people.list', { prefix: wanted, limit: pageSize, ...(after ? { after } : {}) })
  const people = shallowRef<readonly Person[] | null>(null)
  const next = ref<string | null>(null)
  const failed = ref<ErrorCode | null>(null)
  let asked = 0
  /** What those shown were asked for with. */
  let answered: string | null = null
  let waiting: (() => void) | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  async function load(after: string | null): Promise<void> {
    const mine = ++asked
    const typed = prefix.value
    try {
      const page = await pageOf(typed.trim(), after)
      if (mine !== asked) return
      people.value = after ? [...(people.value ?? []), ...page.people] : page.people
      next.value = page.next
      failed.value = null
      answered = typed
      if (typed === prefix.value) waiting?.()
      waiting = null
    } catch (error) {
      if (mine === asked) failed.value = codeOf(error)
    }
  }

  /** Does it with the answer to what is typed now, which for quick hands is still to come. Typing on takes it back. */
  function whenAnswered(act: () => void): void {
    if (answered === prefix.value) act()
    else waiting = act
  }
  watch(prefix, () => {
    waiting = null
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
    whenAnswered,
  }
}
