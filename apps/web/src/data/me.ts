import type { Client, Me } from '@sotto/client'
import { type App, type ComputedRef, computed, type InjectionKey, inject, type ShallowRef, shallowRef } from 'vue'

const meKey: InjectionKey<ShallowRef<Me | null>> = Symbol('me')

/** Follows who is signed in for the whole life of the app: nearly every screen needs it. */
export function provideMe(app: App, client: Client): ShallowRef<Me | null> {
  const me = shallowRef<Me | null>(null)
  client.watch('me', {}, (value) => {
    me.value = value
  })
  app.provide(meKey, me)
  return me
}

/** Null while nobody is signed in. */
export function useMaybeMe(): Readonly<ShallowRef<Me | null>> {
  return injectMe()
}

/** For screens behind the sign-in. Keeps the last person while the screen goes away after a sign-out. */
export function useMe(): ComputedRef<Me> {
  const me = injectMe()
  let last = me.value
  return computed(() => {
    last = me.value ?? last
    if (!last) throw new Error('Nobody is signed in.')
    return last
  })
}

/** Says that somebody came in or went. What is watched tells the same a moment later, but the next screen is chosen at once. */
export function useAdoptMe(): (now: Me | null) => void {
  const me = injectMe()
  return (now) => {
    me.value = now
  }
}

function injectMe(): ShallowRef<Me | null> {
  const me = inject(meKey)
  if (!me) throw new Error('Nobody follows who is signed in.')
  return me
}
