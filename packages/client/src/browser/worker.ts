import { Core } from '#client/core/core.ts'
import { platformPorts, systemClock, systemRandom } from '#client/core/platform-ports.ts'
import { createFallbackStore } from '#client/stores/fallback.ts'
import { createIndexedDbStore } from '#client/stores/indexed-db.ts'
import { createMemoryStore } from '#client/stores/memory.ts'
import { browserLocks, loneLocks, openBroadcastChannel, openNoChannel } from './browser-ports.ts'
import { deviceName } from './device-name.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { Tab } from './tab.ts'

/** The worker of a tab: the entry that `createBrowserClient` starts. */

let tab: Tab | null = null
/** As the page said last. */
let hasNetwork = true
const wakers = new Set<() => void>()
const networkListeners = new Set<(isUp: boolean) => void>()

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  switch (data.kind) {
    case 'start':
      tab ??= startTab(data.url)
      return
    case 'network':
      hasNetwork = data.isUp
      for (const listener of networkListeners) listener(hasNetwork)
      return
    case 'close':
      void (tab?.close() ?? Promise.resolve()).then(() => post({ kind: 'closed' }))
      return
    default:
      tab?.asked(data)
  }
})

function startTab(url: string): Tab {
  // Both exist only where the page came over HTTPS or from this machine. Without them each tab is for itself, and nothing is stored:
  // several writers without a lock would take the pen from each other all the time.
  const canShare = 'locks' in navigator && navigator.locks !== undefined && typeof BroadcastChannel === 'function'
  const name = `sotto ${new URL(url).origin}${new URL(url).pathname.replace(/\/+$/, '')}`
  return new Tab({
    name,
    clock: systemClock,
    random: systemRandom,
    locks: canShare ? browserLocks(navigator.locks) : loneLocks(),
    openChannel: canShare ? openBroadcastChannel : openNoChannel,
    createClient: (lost) =>
      new Core({
        url,
        store: canShare ? createFallbackStore(createIndexedDbStore(name), createMemoryStore) : createMemoryStore(),
        ports: {
          ...platformPorts(),
          onWake(listener) {
            wakers.add(listener)
            return () => wakers.delete(listener)
          },
          onNetwork(listener) {
            networkListeners.add(listener)
            listener(hasNetwork)
            return () => networkListeners.delete(listener)
          },
        },
        keep: 'cookie',
        device: deviceName(navigator.userAgent),
        onPenTaken: lost,
      }),
    tell: post,
    wake() {
      for (const wake of wakers) wake()
    },
  })
}

function post(message: FromWorker) {
  postMessage(message)
}
