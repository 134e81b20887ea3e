import { shallowRef } from 'vue'

/** Reloads into the new version that waits; null while there is none. */
export const updateReady = shallowRef<(() => void) | null>(null)

const checkEveryMs = 60 * 60_000

/** Registers the worker that keeps the shell, and notices when a newer one has been fetched. It takes over only when the person says so. */
export async function keepShell(): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  const registration = await navigator.serviceWorker.register(trustedAddress(), { scope: '/' })

  function offer(worker: ServiceWorker): void {
    updateReady.value = () => {
      navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
      worker.postMessage('take-over')
    }
  }
  function follow(worker: ServiceWorker | null): void {
    worker?.addEventListener('statechange', () => {
      // Without a controller this is the first visit: there is no older version to leave.
      if (worker.state === 'installed' && navigator.serviceWorker.controller) offer(worker)
    })
  }
  if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting)
  follow(registration.installing)
  registration.addEventListener('updatefound', () => follow(registration.installing))

  const check = (): void => void registration.update().catch(() => {})
  setInterval(check, checkEveryMs)
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') check()
  })
}

/** Under Trusted Types a worker's address has to come from a policy; this one only ever gives its own. */
function trustedAddress(): string {
  const { trustedTypes } = window as unknown as { trustedTypes?: TrustedTypes }
  const policy = trustedTypes?.createPolicy('sotto-sw', { createScriptURL: () => '/sw.js' })
  return (policy?.createScriptURL('') as string | undefined) ?? '/sw.js'
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(address: string): string },
  ): { createScriptURL(address: string): unknown }
}
