/** A claim on a lock, from when it is asked for until it is given up or taken away. */
export interface Claim {
  readonly granted: Promise<void>
  /** Resolves when somebody stole the lock after it was granted. */
  readonly stolen: Promise<void>
  /** Lets go of the lock, or of the place in the queue for it. */
  release(): void
}

/** Locks that all tabs of a browser share; a closed tab holds none. */
export interface Locks {
  claim(name: string, options: { readonly steal: boolean }): Claim
}

/** Messages between the tabs of a browser. Nobody hears their own. */
export interface Channel {
  post(message: unknown): void
  close(): void
}
export type OpenChannel = (name: string, received: (message: never) => void) => Channel
