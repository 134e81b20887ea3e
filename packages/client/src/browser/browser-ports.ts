import type { Locks, OpenChannel } from './tab-ports.ts'

export function browserLocks(manager: LockManager): Locks {
  return {
    claim(name, { steal }) {
      const abort = new AbortController()
      let letGo = () => {}
      let isOver = false
      let stolen = () => {}
      const granted = new Promise<void>((resolve) => {
        const hold = () =>
          new Promise<void>((release) => {
            letGo = release
            if (isOver) release()
            else resolve()
          })
        // A request that steals is granted at once and takes no signal.
        manager.request(name, steal ? { steal } : { signal: abort.signal }, hold).catch(() => {
          if (!isOver) stolen()
        })
      })
      return {
        granted,
        stolen: new Promise<void>((resolve) => {
          stolen = resolve
        }),
        release() {
          isOver = true
          abort.abort()
          letGo()
        },
      }
    },
  }
}

export const openBroadcastChannel: OpenChannel = (name, received) => {
  const channel = new BroadcastChannel(name)
  channel.onmessage = ({ data }) => received(data as never)
  return {
    post: (message) => channel.postMessage(message),
    close: () => channel.close(),
  }
}

/** For a tab that shares nothing with others: it always leads. */
export function loneLocks(): Locks {
  return {
    claim: () => ({ granted: Promise.resolve(), stolen: new Promise(() => {}), release() {} }),
  }
}

export const openNoChannel: OpenChannel = () => ({ post() {}, close() {} })
