import type { ClientId } from '@sotto/protocol'
import { AppError } from '@sotto/protocol/pure'
import type { Client } from '#client/api.ts'
import type { Ask, FromWorker, Method } from './messages.ts'

interface Waiting {
  resolve(value: unknown): void
  reject(error: AppError): void
}

/** The side of a page: everything is asked of the worker, over `post`; what comes back goes to `received`. */
export function createPageClient(post: (message: Ask | { readonly kind: 'close' }) => void, newId: () => string) {
  const calls = new Map<number, Waiting>()
  const listeners = new Map<number, (value: never) => void>()
  let lastId = 0
  let closed = () => {}

  function received(message: FromWorker) {
    if (message.kind === 'closed') return closed()
    if (message.kind === 'value') return listeners.get(message.id)?.(message.value as never)
    const waiting = calls.get(message.id)
    calls.delete(message.id)
    if (message.kind === 'done') waiting?.resolve(message.value)
    else waiting?.reject(new AppError(message.error.code, message.error.about, message.error.retryAfterMs))
  }

  function ask(method: Method, ...args: readonly unknown[]): Promise<never> {
    const id = ++lastId
    return new Promise((resolve, reject) => {
      calls.set(id, { resolve: resolve as (value: unknown) => void, reject })
      post({ kind: 'call', id, method, args })
    })
  }

  const client: Client = {
    instance: () => ask('instance'),
    signIn: (credentials) => ask('signIn', credentials),
    signUp: (input) => ask('signUp', input),
    setUp: (input) => ask('setUp', input),
    resume: () => ask('resume'),
    signOut: () => ask('signOut'),
    watch(name, what, listener) {
      const id = ++lastId
      listeners.set(id, listener as (value: never) => void)
      post({ kind: 'watch', id, name, ask: what })
      return () => {
        if (listeners.delete(id)) post({ kind: 'unwatch', id })
      }
    },
    // The id is made here, so that asking again after a change of the leading tab is harmless.
    send: (target, text) => ask('submit', target, text, newId() as ClientId),
    retry: (message, text) => ask('retry', message, text),
    discard: (message) => ask('discard', message),
    markRead: (conversation, place) => ask('markRead', conversation, place),
    setTyping: (...args) => post({ kind: 'typing', args }),
    setDraft: (target, text) => ask('setDraft', target, text),
    setPresence: (state) => post({ kind: 'presence', state }),
    call: (name, input) => ask('call', name, input),
    setPicture: (picture) => ask('setPicture', picture),
    setConversationPicture: (conversation, picture) => ask('setConversationPicture', conversation, picture),
    picture: (of) => ask('picture', of),
    close: () =>
      new Promise((resolve) => {
        closed = resolve
        post({ kind: 'close' })
      }),
  }
  return { client, received }
}
