import type { ErrorBody, Head, Permission, PushFrame } from '@sotto/protocol'
import { AppError } from '@sotto/protocol/pure'
import type { Clock } from './ports.ts'
import { appError } from './rest.ts'

/** One connection to the server, whatever carries it. */
export interface Link {
  /** One command and its answer. Rejects with the refusal, or with `unavailable` when the link ends first. */
  request(type: string, input: object): Promise<unknown>
  /** Goes on with a new access token. */
  renew(token: string): Promise<void>
  /** Ends the link without an event. */
  close(): void
}

/** Where things stand. `board` is null where only a look can tell. */
export interface Standing {
  readonly heads: readonly Head[]
  readonly board: number | null
  /** Absent where it has not been asked. */
  readonly permissions?: readonly Permission[]
}

export interface LinkEvents {
  /** The link listens from here on. */
  opened(): void
  stands(standing: Standing): void
  pushed(frame: PushFrame): void
  /** Once, and nothing after it. Not called after `close`. */
  ended(ending: Ending): void
}

export interface Ending {
  readonly code: number
  readonly reason: string
  /** The server’s refusal, where it gave one. */
  readonly refusal: AppError | null
}

export type OpenLink = (token: string, events: LinkEvents) => Link

export const abnormalClose = 1006

/** How long an answer may take. */
export const answerMs = 15_000

interface Waiting {
  resolve(ack: unknown): void
  reject(error: AppError): void
  cancelTimer(): void
}

/** Requests that wait for their answers. */
export class Answers {
  private readonly clock: Clock
  private readonly waiting = new Map<number, Waiting>()
  private lastId = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Hands out an id; the promise settles with the answer to it. */
  expect(timeoutMs = answerMs): { readonly id: number; readonly answer: Promise<unknown> } {
    const id = ++this.lastId
    const answer = new Promise<unknown>((resolve, reject) => {
      const cancelTimer = this.clock.after(timeoutMs, () => {
        this.waiting.delete(id)
        reject(new AppError('unavailable', 'timeout'))
      })
      this.waiting.set(id, { resolve, reject, cancelTimer })
    })
    return { id, answer }
  }

  settle(frame: { readonly id?: number; readonly ack?: unknown; readonly error?: ErrorBody }) {
    const waiting = this.waiting.get(frame.id ?? 0)
    if (!waiting) return
    this.waiting.delete(frame.id ?? 0)
    waiting.cancelTimer()
    if (frame.error) waiting.reject(appError(frame.error))
    else waiting.resolve(frame.ack)
  }

  endAll() {
    const all = [...this.waiting.values()]
    this.waiting.clear()
    for (const waiting of all) {
      waiting.cancelTimer()
      waiting.reject(new AppError('unavailable', 'network'))
    }
  }
}
