import type { ConversationId, InstanceSettings, PersonId, SessionId } from '@sotto/protocol'

/** Who hears a frame: the members of a conversation, or all devices of a person. */
export type Audience = `c:${ConversationId}` | `p:${PersonId}`

export type Notice =
  /** A push frame, already encoded. One that may be dropped goes first when a reader is slow. */
  | {
      readonly kind: 'frame'
      readonly audience: Audience
      readonly frame: string
      readonly mayDrop: boolean
      readonly head?: number
    }
  /** A person now listens to a conversation, or no longer does. */
  | {
      readonly kind: 'seat'
      readonly person: PersonId
      readonly conversation: ConversationId
      readonly seated: boolean
    }
  /** These sessions have ended. */
  | { readonly kind: 'ended'; readonly sessions: readonly SessionId[] }
  /** One of the two has blocked the other. */
  | { readonly kind: 'parted'; readonly people: readonly [PersonId, PersonId] }
  /** The settings of the instance have changed to these. */
  | { readonly kind: 'settings'; readonly settings: InstanceSettings }

/** Best-effort broadcast to all servers. A lost notice is harmless: clients find the gap and pull from the log. */
export interface Bus {
  publish(notice: Notice): void
  subscribe(listener: (notice: Notice) => void): void
}

export function memoryBus(): Bus {
  const listeners: ((notice: Notice) => void)[] = []
  return {
    publish: (notice) => {
      for (const listener of listeners) listener(notice)
    },
    subscribe: (listener) => {
      listeners.push(listener)
    },
  }
}
