/** Time. Everything that waits asks here, so that tests run on a clock of their own. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Runs once after `ms` milliseconds, unless the returned function is called before. */
  after(ms: number, run: () => void): () => void
}

export interface Random {
  /** From 0 (included) to 1 (excluded). */
  fraction(): number
  uuid(): string
}

export interface SocketEvents {
  opened(): void
  received(text: string): void
  /** Called once, also where the socket never opened. */
  closed(code: number, reason: string): void
}

export interface Socket {
  send(text: string): void
  close(): void
}

export type OpenSocket = (url: string, events: SocketEvents) => Socket

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Tells that waiting may be pointless from now on: the screen was unlocked, the page is in front again. Returns how to stop. */
export type OnWake = (listener: () => void) => () => void

/**
 * Tells at once, and again after every change, whether the device has a network. That it has one says nothing about the server.
 * Returns how to stop.
 */
export type OnNetwork = (listener: (isUp: boolean) => void) => () => void

export interface Ports {
  readonly clock: Clock
  readonly random: Random
  readonly openSocket: OpenSocket
  readonly fetch: Fetch
  readonly onWake: OnWake
  readonly onNetwork: OnNetwork
}
