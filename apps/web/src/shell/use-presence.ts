import { onScopeDispose } from 'vue'
import { useClient } from '#data/client.ts'

const idleMs = 5 * 60_000

/** Says whether the person is at this device: away after five minutes without a touch, or when the page is not in front. */
export function usePresence(): void {
  const client = useClient()
  let said: 'online' | 'away' | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  function say(state: 'online' | 'away'): void {
    if (said === state) return
    said = state
    client.setPresence(state)
  }
  function touched(): void {
    clearTimeout(timer)
    if (document.visibilityState !== 'visible') return
    say('online')
    timer = setTimeout(() => say('away'), idleMs)
  }
  function turned(): void {
    clearTimeout(timer)
    if (document.visibilityState === 'visible') touched()
    else timer = setTimeout(() => say('away'), 60_000)
  }
  const events = ['pointerdown', 'keydown', 'focus'] as const
  for (const name of events) addEventListener(name, touched, { passive: true })
  document.addEventListener('visibilitychange', turned)
  touched()
  onScopeDispose(() => {
    clearTimeout(timer)
    for (const name of events) removeEventListener(name, touched)
    document.removeEventListener('visibilitychange', turned)
  })
}
