import type { InstanceSettings } from '@sotto/protocol'
import { type ShallowRef, shallowRef } from 'vue'
import { useClient } from './client.ts'
import { codeOf } from './use-task.ts'

/** So long they are taken as they were: they change seldom, and the server decides in any case. */
const keptMs = 5 * 60_000

const settings = shallowRef<Partial<InstanceSettings> | null>(null)
let askedAt = Number.NEGATIVE_INFINITY

/** What the instance allows; null while that is not known. */
export function useInstanceSettings(): Readonly<ShallowRef<Partial<InstanceSettings> | null>> {
  const client = useClient()
  if (Date.now() - askedAt > keptMs) {
    askedAt = Date.now()
    client.call('instance.settings', {}).then(
      (value) => {
        settings.value = value
      },
      (error) => {
        codeOf(error)
        askedAt = Number.NEGATIVE_INFINITY
      },
    )
  }
  return settings
}
