import type { PersonId } from '@sotto/protocol'
import { computed } from 'vue'
import { useClient } from '#data/client.ts'
import { useTask } from '#data/use-task.ts'
import { useWatch } from '#data/use-watch.ts'

/** Whether I have blocked or muted somebody, and how that is changed. */
export function useShunned(person: () => PersonId | null) {
  const client = useClient()
  const blocks = useWatch('blocks', () => ({}))
  const mutes = useWatch('mutes', () => ({}))
  const isIn = (list: readonly PersonId[] | undefined): boolean => {
    const who = person()
    return who !== null && (list?.includes(who) ?? false)
  }
  const change = useTask(async (what: { blocked: boolean } | { muted: boolean }) => {
    const who = person()
    if (who === null) return
    if ('blocked' in what) await client.call('blocks.set', { person: who, blocked: what.blocked })
    else await client.call('mutes.set', { person: who, muted: what.muted })
  })
  return {
    blocked: computed(() => isIn(blocks.value)),
    muted: computed(() => isIn(mutes.value)),
    change,
  }
}
