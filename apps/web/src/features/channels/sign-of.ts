import type { Channel } from '@sotto/protocol'
import type { Signed } from '#features/conversations'

/** What the sign of a channel is made from, whether one is in it or not. */
export function signOf({ conversation, details }: Channel): Signed {
  return { card: { kind: 'channel', conversation }, details, other: null }
}
