import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { WebSocket, WebSocketServer } from 'ws'

/**
 * What most of us write first: a socket, one INSERT for each message through a pool of ten, the acknowledgement when it has returned. On the
 * PostgreSQL that the server in `dataFolder` runs, with the same settings. Durable sends per second.
 */
export async function naiveSends(dataFolder: string, seconds: number): Promise<number> {
  const password = (await readFile(join(dataFolder, 'postgres-password'), 'utf8')).trim()
  const pool = new pg.Pool({ host: join(dataFolder, 'postgres'), user: 'sotto', password, database: 'sotto', max: 10 })
  await pool.query(
    'create table naive (id bigserial primary key, client_id uuid unique, room int, body text, at timestamptz default now())',
  )
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  const rooms = new Map<number, WebSocket>()
  server.on('connection', (socket) => {
    socket.on('message', async (data) => {
      const frame = JSON.parse(String(data))
      if (frame.join !== undefined) return void rooms.set(frame.join, socket)
      const { rows } = await pool.query('insert into naive (client_id, room, body) values ($1, $2, $3) returning id', [
        frame.clientId,
        frame.room,
        frame.text,
      ])
      socket.send(JSON.stringify({ id: frame.id, ack: rows[0].id }))
      rooms.get(frame.room)?.send(JSON.stringify({ entry: frame }))
    })
  })
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const open = () =>
    new Promise<WebSocket>((resolve) => {
      const ws = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false })
      ws.once('open', () => resolve(ws))
    })
  let acknowledged = 0
  const until = performance.now() + seconds * 1000
  const sockets: WebSocket[] = []
  await Promise.all(
    Array.from({ length: 100 }, async (_, room) => {
      const [sender, receiver] = [await open(), await open()]
      sockets.push(sender, receiver)
      receiver.send(JSON.stringify({ join: room }))
      await new Promise<void>((resolve) => {
        let waiting = 0
        const next = () => {
          if (performance.now() >= until) {
            if (waiting === 0) resolve()
            return
          }
          waiting++
          sender.send(JSON.stringify({ id: 1, room, clientId: randomUUID(), text: 'x'.repeat(100) }))
        }
        sender.on('message', () => {
          acknowledged++
          waiting--
          next()
        })
        for (let index = 0; index < 6; index++) next()
      })
    }),
  )
  for (const socket of sockets) socket.terminate()
  server.close()
  await pool.query('drop table naive')
  await pool.end()
  return acknowledged / seconds
}
