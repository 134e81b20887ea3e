import type { Pictured } from '@sotto/client'
import { type Ref, ref, watch } from 'vue'
import { useClient } from './client.ts'

// One address per picture for the life of the page: there are few pictures and every screen shows the same ones.
const addresses = new Map<string, Promise<string | null>>()

/** An address an `<img>` can show, or null while there is none. */
export function usePicture(of: () => Pictured | null): Readonly<Ref<string | null>> {
  const client = useClient()
  const address = ref<string | null>(null)
  watch(
    () => {
      const what = of()
      return what?.picture ? `${'conversation' in what ? what.conversation : what.id}/${what.picture}` : null
    },
    async (key, _before, onCleanup) => {
      let current = true
      onCleanup(() => {
        current = false
      })
      const what = of()
      if (!key || !what) {
        address.value = null
        return
      }
      let found = addresses.get(key)
      if (!found) {
        found = client.picture(plain(what)).then(
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

/** As it can be posted to a worker: without what watches it. */
function plain(what: Pictured): Pictured {
  const { picture } = what
  return 'conversation' in what ? { conversation: what.conversation, picture } : { id: what.id, picture }
}
