import type { ConnectionState } from '@sotto/client'

/** What is said about the connection; null when all is well. */
export type ConnectionWords =
  | { readonly kind: 'connecting' | 'reconnecting' | 'noNetwork' | 'stopped' | 'catchingUpUnknown' }
  | { readonly kind: 'catchingUp'; readonly count: number }

export function connectionWords(state: ConnectionState, wasOnline: boolean): ConnectionWords | null {
  switch (state.phase) {
    case 'online':
    case 'signed_out':
      return null
    case 'no_network':
      return { kind: 'noNetwork' }
    case 'catching_up':
      return state.missing > 0 ? { kind: 'catchingUp', count: state.missing } : { kind: 'catchingUpUnknown' }
    case 'offline':
    case 'connecting':
      // The server does not want this page back by itself.
      if (state.phase === 'offline' && state.retryAt === Number.POSITIVE_INFINITY) return { kind: 'stopped' }
      return { kind: wasOnline ? 'reconnecting' : 'connecting' }
  }
}
