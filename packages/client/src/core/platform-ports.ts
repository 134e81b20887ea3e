import type { Clock, OpenSocket, Ports, Random } from './ports.ts'
import { randomUuid } from './random-uuid.ts'

/** The ports of the platform this runs on: a browser, a worker or Node. Pages tell their worker more about the device: see `browser/`. */
export function platformPorts(): Ports {
  return {
    clock: systemClock,
    random: systemRandom,
    openSocket: openWebSocket,
    fetch: (url, init) => globalThis.fetch(url, init),
    onWake: () => () => {},
    onNetwork(listener) {
      listener(true)
      return () => {}
    },
  }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

export const systemRandom: Random = { fraction: () => Math.random(), uuid: randomUuid }

const openWebSocket: OpenSocket = (url, events) => {
  const socket = new WebSocket(url)
  socket.onopen = () => events.opened()
  socket.onmessage = ({ data }) => events.received(String(data))
  socket.onclose = ({ code, reason }) => events.closed(code, reason)
  // The close that follows says as much.
  socket.onerror = () => {}
  return {
    send: (text) => socket.send(text),
    close: () => socket.close(),
  }
}
