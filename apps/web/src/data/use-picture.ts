import type { Person } from '@sotto/protocol'
import { type Ref, ref, watch } from 'vue'
import { useClient } from './client.ts'

// One address per picture for the life of the page: people have few pictures and every screen shows the same ones.
const addresses = new Map<string, Promise<string | null>>()

/** An address an `<img>` can show, or null while there is none. */
export function usePicture(person: () => Person | null): Readonly<Ref<string | null>> {
  const client = useClient()
  const address = ref<string | null>(null)
  watch(
    () => {
      const who = person()
      return who?.picture ? `${who.id}/${who.picture}` : null
    },
    async (key, _before, onCleanup) => {
      let current = true
      onCleanup(() => {
        current = false
      })
      const who = person()
      if (!key || !who) {
        address.value = null
        return
      }
      let found = addresses.get(key)
      if (!found) {
        found = client.picture(who).then(
          (blob) => (blob ? URL.createObjectURL(blob) : null),
          () => {
            addresses.delete(key)
            return null
          },
        )
        addresses.set(key, found)
      }
      const next = await found
      if (current) address.value = next
    },
    { immediate: true },
  )
  return address
}
