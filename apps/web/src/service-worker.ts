/**
 * Keeps the shell (index.html, scripts, styles, icons) so that the app opens without a network. It never touches what people say:
 * everything below /api goes straight to the server, and messages are kept by the SDK.
 */

// Of the worker library only this: the whole of it and that of pages do not fit into one compilation.
interface LaterEvent extends Event {
  waitUntil(work: Promise<unknown>): void
}
interface Fetching extends LaterEvent {
  readonly request: Request
  respondWith(response: Promise<Response>): void
}
interface ShellWorker {
  /** Written in by the build: address and hash of every file of the shell. */
  readonly __SHELL__: readonly (readonly [address: string, hash: string])[]
  readonly location: Location
  readonly clients: { claim(): Promise<void> }
  skipWaiting(): Promise<void>
  addEventListener(name: 'install' | 'activate', listener: (event: LaterEvent) => void): void
  addEventListener(name: 'message', listener: (event: MessageEvent) => void): void
  addEventListener(name: 'fetch', listener: (event: Fetching) => void): void
}
const worker = self as unknown as ShellWorker

const shell = worker.__SHELL__
const prefix = 'sotto-shell-'
const current = prefix + fingerprint(shell.map(([, hash]) => hash).join(''))
const addresses = new Set(shell.map(([address]) => address))

worker.addEventListener('install', (event) => event.waitUntil(keepShell()))
worker.addEventListener('activate', (event) => event.waitUntil(forgetOlder().then(() => worker.clients.claim())))
worker.addEventListener('message', (event) => {
  // Sent when the person chose to reload. Until then the old version keeps its own files.
  if (event.data === 'take-over') void worker.skipWaiting()
})
worker.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (
    request.method !== 'GET' ||
    url.origin !== worker.location.origin ||
    /^\/(api|healthz|readyz|metrics)(\/|$)/.test(url.pathname)
  )
    return
  const address = request.mode === 'navigate' ? '/' : url.pathname
  if (addresses.has(address)) event.respondWith(fromShell(address, request))
})

async function keepShell(): Promise<void> {
  const cache = await caches.open(current)
  await cache.addAll(shell.map(([address]) => new Request(address, { cache: 'reload' })))
}

async function forgetOlder(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith(prefix) && name !== current) await caches.delete(name)
}

async function fromShell(address: string, request: Request): Promise<Response> {
  const cache = await caches.open(current)
  return (await cache.match(address)) ?? fetch(request)
}

/** FNV-1a: short and stable; nothing depends on it being hard to guess. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(36)
}
