import type { ConversationId } from '@sotto/protocol'
import { ref } from 'vue'
import { useClient } from '#data/client.ts'
import { usePages } from '#data/use-pages.ts'

/** The members by name; asked for again when `changed` does. */
export function useMembers(conversation: () => ConversationId, changed: () => unknown) {
  const client = useClient()
  const prefix = ref('')
  const { items: members, ...pages } = usePages(
    async (from) => {
      const ask = { conversation: conversation(), prefix: prefix.value.trim(), limit: 50, ...from }
      const page = await client.call('members.list', ask)
      return { items: page.members, next: page.next }
    },
    { on: [prefix, changed], typed: true },
  )
  return { prefix, members, ...pages }
}
