import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { clientId, makeThread, startTestServer } from '../testing/server.ts'

test('a stopping server tells its clients over how long to spread their return', async () => {
  const server = await startTestServer({ reconnectSpreadMs: 4_321 })
  const alice = await server.person('alice')
  const sockets = [await alice.connect(), await alice.connect()]
  await server.stop()
  for (const socket of sockets) expect(await socket.closed).toEqual({ code: 1012, reason: '{"spreadMs":4321}' })
})

test('a device that stops reading is bounded, hinders nobody, and is told that it is behind when it reads again', async () => {
  const server = await startTestServer({ requestsPerMinute: 1_000_000 })
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const conversation = await makeThread(alice, bob)
  const [sender, healthy] = [await alice.connect(), await bob.connect()]
  const stalled = await openRaw(server.url)
  stalled.send(JSON.stringify({ id: 1, type: 'hello', version: 1, token: bob.signedIn.accessToken }))
  await stalled.until('"ack"')
  stalled.socket.pause()

  // Far more than the kernel and the server are ready to keep for one reader.
  const text = 'x'.repeat(16_000)
  const count = 1_500
  for (let index = 0; index < count; index += 50)
    await Promise.all(
      Array.from({ length: 50 }, () => sender.call('messages.send', { conversation, clientId: clientId(), text })),
    )
  await healthy.next('entry', ({ entry }) => entry.place === count + 3)
  expect(healthy.pushed.filter((frame) => frame.type === 'entry').length).toBe(count)

  stalled.socket.resume()
  await stalled.until('{"type":"behind"}')
  expect(stalled.received()).toBeLessThan(count * text.length)
  stalled.socket.destroy()
})

/** A WebSocket client made of a bare socket, which can stop reading. */
async function openRaw(url: string) {
  const { port, hostname, host } = new URL(url)
  const socket: Socket = connect(Number(port), hostname)
  let tail = ''
  let bytes = 0
  const watchers = new Set<() => void>()
  socket.on('data', (chunk) => {
    bytes += chunk.length
    tail = (tail + chunk.toString('latin1')).slice(-4_096)
    for (const watcher of watchers) watcher()
  })
  const until = (text: string) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!tail.includes(text)) return
        watchers.delete(look)
        resolve()
      }
      watchers.add(look)
      look()
    })
  socket.write(
    `GET /api/v1/socket HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  )
  await until('101 Switching Protocols')
  return {
    socket,
    until,
    received: () => bytes,
    send(text: string) {
      const payload = Buffer.from(text)
      // Masked, as a client must; a mask of zeros leaves the bytes as they are.
      const header = Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0])
      socket.write(Buffer.concat([header, payload]))
    },
  }
}
