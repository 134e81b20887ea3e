import type { Instance } from '@sotto/protocol'
import type { Clock } from './ports.ts'

export interface KnownInstanceParts {
  readonly clock: Clock
  /** Asks the server; what it says comes to `learn`. */
  readonly ask: () => Promise<Instance>
  readonly changed: () => void
}

/** Nobody tells when the instance is renamed somewhere else: what is older than this is asked for again. */
const staleMs = 60 * 60_000

/** What anyone may know of the instance: in memory only, and asked for when somebody wants to know. */
export class KnownInstance {
  private readonly parts: KnownInstanceParts
  private known: Instance | null = null
  private askedAt: number | null = null

  constructor(parts: KnownInstanceParts) {
    this.parts = parts
  }

  /** As it is known; what is not known is asked for. */
  need(): Instance | null {
    if (this.askedAt === null) {
      this.askedAt = this.parts.clock.now()
      // The next connection asks again.
      this.parts.ask().catch(() => {})
    }
    return this.known
  }

  learn(instance: Instance) {
    this.known = instance
    this.parts.changed()
  }

  connected() {
    const isFresh = this.known && this.askedAt !== null && this.parts.clock.now() - this.askedAt < staleMs
    if (isFresh) return
    this.askedAt = null
    this.parts.changed()
  }
}
