import type { Watches, WatchName } from '@sotto/client'
import { onScopeDispose, type ShallowRef, shallowRef, watch } from 'vue'
import { useClient } from './client.ts'

/**
 * What the SDK knows, as long as this component lives. `ask` may depend on anything reactive; while it gives null nothing is watched.
 * When the question changes, the last answer stays until the next one is there, so that nothing blinks.
 */
export function useWatch<Name extends WatchName>(
  name: Name,
  ask: () => Watches[Name]['ask'] | null,
): Readonly<ShallowRef<Watches[Name]['get'] | undefined>> {
  const client = useClient()
  const value = shallowRef<Watches[Name]['get']>()
  let stop: (() => void) | undefined
  watch(
    () => JSON.stringify(ask()),
    () => {
      const question = ask()
      const stopEarlier = stop
      let current = true
      if (!question) value.value = undefined
      const stopThis = question
        ? client.watch(name, question, (next) => {
            if (current) value.value = next
          })
        : undefined
      stop = () => {
        current = false
        stopThis?.()
      }
      stopEarlier?.()
    },
    { immediate: true },
  )
  onScopeDispose(() => stop?.())
  return value
}
