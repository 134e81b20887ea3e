import type { PersonId, Reply } from '@sotto/protocol'
import { type ShallowRef, shallowRef, watch } from 'vue'
import { useClient } from '#data/client.ts'
import { codeOf } from '#data/use-task.ts'
import { useWatch } from '#data/use-watch.ts'

export type Look = Reply<'threads.look'>
/** Somebody one cannot see is somebody one cannot write to. */
const hidden: Look = { conversation: null, mayWrite: false, policy: null, supervisors: [] }

/**
 * Whether one may write to a person and who reads along; null until the server has said, and while there is nobody to ask about. Asked
 * again when `changed` does and when the connection comes back.
 */
export function useLook(
  person: () => PersonId | null,
  changed: () => unknown = () => null,
): Readonly<ShallowRef<Look | null>> {
  const client = useClient()
  const connection = useWatch('connection', () => ({}))
  const look = shallowRef<Look | null>(null)
  let about: PersonId | null = null
  watch(
    [person, changed, () => connection.value?.phase === 'online'],
    async () => {
      const asked = person()
      if (asked !== about) look.value = null
      about = asked
      if (!asked) return
      const found = await client.call('threads.look', { person: asked }).catch((error: unknown) => {
        return codeOf(error) === 'not_found' ? hidden : null
      })
      if (found && about === asked) look.value = found
    },
    { immediate: true },
  )
  return look
}
