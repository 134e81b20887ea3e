import type { ConversationId } from '@sotto/protocol'
import { typingMs } from '@sotto/protocol/pure'
import { onScopeDispose } from 'vue'
import { useClient } from '#data/client.ts'

/** Tells the other that one is typing: again before it is forgotten, and once when it stops. */
export function useTyping(conversation: () => ConversationId | null): {
  typed: (empty: boolean) => void
  stopped: () => void
} {
  const client = useClient()
  let saidAt = 0
  let saidIn: ConversationId | null = null

  function stopped(): void {
    if (saidIn) client.setTyping(saidIn, false)
    saidIn = null
    saidAt = 0
  }
  function typed(empty: boolean): void {
    const where = conversation()
    if (empty || !where) {
      stopped()
      return
    }
    if (where === saidIn && Date.now() - saidAt < typingMs / 2) return
    saidAt = Date.now()
    saidIn = where
    client.setTyping(where, true)
  }
  onScopeDispose(stopped)
  return { typed, stopped }
}
