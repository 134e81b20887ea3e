import type { ConversationCard, ConversationId, PersonRef } from '@sotto/protocol'
import { shallowReactive, watch } from 'vue'
import { useClient } from '#data/client.ts'
import { codeOf } from '#data/use-task.ts'
import { useWatch } from '#data/use-watch.ts'

type Seat = Pick<ConversationCard, 'kind' | 'role' | 'with'>

/** Whether one only reads this thread of two others along. */
export function isSupervised(card: { readonly kind: Seat['kind']; readonly role?: Seat['role'] } | null): boolean {
  return card?.kind === 'thread' && card.role === 'reader'
}

/** Whether a thread waits for its second person. */
export function hasFreeSeat(card: Seat | null): boolean {
  return card?.kind === 'thread' && card.with === null && !isSupervised(card)
}

// The two of a thread stay the same for as long as it exists.
const pairs = shallowReactive(new Map<ConversationId, readonly PersonRef[]>())
const asked = new Set<ConversationId>()

/** The two whose thread one supervises, once they are known. */
export function pairOf(conversation: ConversationId): readonly PersonRef[] | null {
  return pairs.get(conversation) ?? null
}

/** Asks for the two of a thread that one supervises, once for all who show it. */
export function usePair(card: () => ConversationCard | null): void {
  const client = useClient()
  const connection = useWatch('connection', () => ({}))
  watch(
    [() => isSupervised(card()) && card()?.conversation, () => connection.value?.phase === 'online'],
    async ([conversation]) => {
      if (!conversation || pairs.has(conversation) || asked.has(conversation)) return
      asked.add(conversation)
      try {
        const { members } = await client.call('members.list', { conversation, limit: 100 })
        pairs.set(
          conversation,
          members.filter(({ role }) => role !== 'reader'),
        )
      } catch (error) {
        // Without a connection, or no longer there: the name waits.
        codeOf(error)
      } finally {
        asked.delete(conversation)
      }
    },
    { immediate: true },
  )
}
