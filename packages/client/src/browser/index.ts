import type { Client } from '#client/api.ts'
import { randomUuid } from '#client/core/random-uuid.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { createPageClient } from './page.ts'

export type * from '#client/api.ts'

interface Policy {
  createScriptURL(url: string): string
}
interface TrustedTypes {
  createPolicy(name: string, rules: Policy): Policy
}

let policy: Policy | undefined

/**
 * A client for a page. The work is done in a worker; all tabs of one browser share one connection and one store, and another tab
 * takes over when the one that leads is closed or stands still.
 */
export function createBrowserClient({ url }: { readonly url: string }): Client {
  const worker = startWorker()
  const post = (message: ToWorker) => worker.postMessage(message)
  const { client, received } = createPageClient(post, randomUuid)
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    received(data)
    if (data.kind === 'closed') worker.terminate()
  }
  // The events come to pages in every browser, to workers only in some.
  const tellNetwork = () => post({ kind: 'network', isUp: navigator.onLine })
  const wake = () => {
    if (document.visibilityState !== 'visible') return
    tellNetwork()
    post({ kind: 'wake' })
  }
  tellNetwork()
  post({ kind: 'start', url })
  addEventListener('online', tellNetwork)
  addEventListener('offline', tellNetwork)
  addEventListener('pageshow', wake)
  document.addEventListener('visibilitychange', wake)
  return client
}

function startWorker(): globalThis.Worker {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes }
  // A page may make a policy of one name only once.
  policy ??= trustedTypes?.createPolicy('sotto-worker', { createScriptURL: onlyOurs })
  const checked = policy

  // Bundlers recognise a worker by the text `new Worker(new URL(…))`, and Trusted Types want the address to have been through a
  // policy: this has the name that the one looks for and does what the other asks.
  class Worker extends globalThis.Worker {
    constructor(address: URL, options: WorkerOptions) {
      super(checked ? checked.createScriptURL(address.href) : address.href, options)
    }
  }
  return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
}

function onlyOurs(address: string): string {
  if (new URL(address).origin !== location.origin) throw new TypeError('a worker from another origin')
  return address
}
