import type { ConversationCard } from '@sotto/protocol'

type Seat = Pick<ConversationCard, 'kind' | 'role' | 'with'>

/** Whether one only reads this thread of two others along. */
export function isSupervised(card: { readonly kind: Seat['kind']; readonly role?: Seat['role'] } | null): boolean {
  return card?.kind === 'thread' && card.role === 'reader'
}

/** Whether a thread waits for its second person. */
export function hasFreeSeat(card: Seat | null): boolean {
  return card?.kind === 'thread' && card.with === null && !isSupervised(card)
}
