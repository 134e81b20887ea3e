import { createMemoryStore } from '#client/stores/memory.ts'
import type { Client } from './api.ts'
import { Core } from './core/core.ts'
import { platformPorts } from './core/platform-ports.ts'
import type { Ports } from './core/ports.ts'
import type { Store } from './core/store.ts'

export interface ClientOptions {
  /** The address of the server, for example `https://chat.example.org`. */
  readonly url: string
  /** What the device keeps. In memory where nothing is given: then a restart begins with signing in. */
  readonly store?: Store
  /** How this device is called in the person’s list of devices. */
  readonly device?: string
  /** Time, randomness and network, where they are not to be those of the platform. */
  readonly ports?: Partial<Ports>
  /** Called when another client has opened the same store; this one has stopped for good. */
  readonly onStoreTaken?: () => void
}

/** A client for Node and everything else that keeps its own refresh token. Nothing happens before `signIn` or `resume`. */
export function createClient({ url, store, device, ports, onStoreTaken }: ClientOptions): Client {
  return new Core({
    url,
    store: store ?? createMemoryStore(),
    ports: { ...platformPorts(), ...ports },
    keep: 'token',
    device: device ?? 'A program',
    ...(onStoreTaken ? { onPenTaken: onStoreTaken } : {}),
  })
}
