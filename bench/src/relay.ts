import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { WebSocketServer } from 'ws'

/**
 * The least that a fan-out can be: no accounts, no storage. What comes in is framed once, and the same bytes are written to every socket.
 * With `idle` it only holds connections.
 */
const sockets = new Set<Socket>()
const upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false })
const server = createServer()
server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
  upgrades.handleUpgrade(request, socket, head, (ws) => {
    sockets.add(socket)
    ws.on('close', () => sockets.delete(socket))
    ws.on('message', (data: Buffer) => {
      const frame = frameOf(data)
      for (const each of sockets) each.write(frame)
    })
  })
})
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}/\n`),
)
process.on('SIGTERM', () => process.exit(0))
process.on('SIGUSR2', () => gc?.({ type: 'major', flavor: 'last-resort' }))

function frameOf(data: Buffer): Buffer {
  const header =
    data.length < 126
      ? Buffer.from([0x81, data.length])
      : Buffer.from([0x81, 126, data.length >> 8, data.length & 0xff])
  return Buffer.concat([header, data])
}
