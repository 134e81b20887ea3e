import { ref } from 'vue'
import { useClient } from '#data/client.ts'
import { usePages } from '#data/use-pages.ts'

/** The channels in whose name or topic the words occur; none for those who may not browse them. */
export function useChannels(find = ref(''), mayBrowse = true) {
  const client = useClient()
  const { items: channels, ...pages } = usePages(
    async (from) => {
      if (!mayBrowse) return { items: [], next: null }
      const page = await client.call('channels.list', { find: find.value.trim(), limit: 100, ...from })
      return { items: page.channels, next: page.next }
    },
    { on: find, typed: true },
  )
  return { find, channels, ...pages }
}
