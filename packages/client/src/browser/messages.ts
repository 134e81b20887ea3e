import type { ErrorBody } from '@sotto/protocol'
import type { Client, WatchName } from '#client/api.ts'

/** What a page asks its worker to do and waits for. `submit` is `send` with the client id made by the asking side. */
export type Method = Exclude<keyof Client, 'watch' | 'send' | 'setTyping' | 'setPresence' | 'close'> | 'submit'

/** From a page to its worker, and on from there to the worker that leads. */
export type Ask =
  | { readonly kind: 'call'; readonly id: number; readonly method: Method; readonly args: readonly unknown[] }
  | { readonly kind: 'watch'; readonly id: number; readonly name: WatchName; readonly ask: unknown }
  | { readonly kind: 'unwatch'; readonly id: number }
  | { readonly kind: 'typing'; readonly args: readonly unknown[] }
  | { readonly kind: 'presence'; readonly state: 'online' | 'away' }
  /** Waiting may be pointless from now on. */
  | { readonly kind: 'wake' }

/** The answers to them. */
export type Tell =
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: ErrorBody }
  | { readonly kind: 'value'; readonly id: number; readonly value: unknown }

export type ToWorker =
  | Ask
  | { readonly kind: 'close' }
  | { readonly kind: 'start'; readonly url: string }
  /** Whether the device has a network: said before the start, and when it may have changed. */
  | { readonly kind: 'network'; readonly isUp: boolean }
export type FromWorker = Tell | { readonly kind: 'closed' }
