import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Welcome } from '@sotto/protocol'
import { AppError, closeCodes, maxFrameBytes, pingMs } from '@sotto/protocol/pure'
import { WebSocket, WebSocketServer } from 'ws'
import type { Actor, Platform } from '#platform/feature'
import { type Dispatch, describeError } from './dispatch.ts'
import { type Fanout, type Listener, nowhere } from './fanout.ts'
import { encodeTextFrame } from './frame.ts'
import { type Authenticate, helloToken } from './session.ts'

/** Above this a frame is not read at all: no client of ours makes one, and the connection is closed (1009). */
const hostileFrameBytes = 1024 * 1024
/** Unsent bytes from which hints are dropped, from which everything but answers is, and from which we part. */
const softBytes = 256 * 1024
const hardBytes = 1024 * 1024
const partBytes = 4 * 1024 * 1024
/** Commands of one connection that may run at the same time. */
const maxRunning = 64
const helloWithinMs = 10_000
/** Refused frames in a row after which a flood is one. */
const floodFrames = 1_000

export interface SocketPorts {
  readonly platform: Platform
  readonly dispatch: Dispatch
  readonly fanout: Fanout
  readonly authenticate: Authenticate
  /** Makes the connection hear its news and answers with where everything stands. */
  readonly welcome: (listener: Listener) => Promise<Welcome>
  readonly part: (listener: Listener) => void
  /** Milliseconds the person (or address) has to wait; zero to go on. */
  readonly limit: (key: string) => number
  readonly mayConnect: (request: IncomingMessage) => boolean
  readonly addressOf: (request: IncomingMessage) => string
}

export interface Sockets {
  readonly count: number
  /** Tells every client to come back elsewhere within a random part of `spreadMs`, and closes. */
  drain(spreadMs: number): void
}

/** WebSockets at `/api/v1/socket`. */
export function serveSockets(server: Server, ports: SocketPorts): Sockets {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: hostileFrameBytes,
    perMessageDeflate: false,
    clientTracking: false,
    WebSocket: OwnedSocket,
  })
  const connections = new Set<Connection>()
  const house: House = { ports, connections, writer: coalescingWriter() }

  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const path = request.url?.split('?')[0]
    if (path !== '/api/v1/socket') return refuse(socket, '404 Not Found', 'not_found')
    if (!ports.mayConnect(request)) return refuse(socket, '403 Forbidden', 'foreign_origin')
    const address = ports.addressOf(request)
    if (ports.limit(`connect ${address}`) > 0) return refuse(socket, '429 Too Many Requests', 'too_many_requests')
    sockets.handleUpgrade(request, socket, head, (ws) => connections.add(new Connection(ws, socket, address, house)))
  })

  // One clock for all connections instead of timers on each.
  const sweep = setInterval(() => {
    const now = Date.now()
    for (const connection of connections) connection.checkLife(now)
  }, 1_000)
  server.on('close', () => clearInterval(sweep))

  return {
    get count() {
      return connections.size
    },
    drain(spreadMs) {
      for (const connection of connections) connection.close(1012, JSON.stringify({ spreadMs }))
    },
  }
}

function refuse(socket: Socket, status: string, code: string) {
  const body = JSON.stringify({ error: { code } })
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  )
}

interface Writer {
  later(connection: Connection): void
}

/** Frames for one socket within a turn of the event loop leave in one write: under load the system call is the cost. */
function coalescingWriter(): Writer {
  let dirty: Connection[] = []
  function flush() {
    const ready = dirty
    dirty = []
    const join = joiner()
    for (const connection of ready) connection.flush(join)
  }
  return {
    later(connection) {
      if (dirty.push(connection) === 1) setImmediate(flush)
    },
  }
}

/** Joins frames into one buffer; for the many sockets of a room, which get the same ones, once. */
function joiner(): (frames: readonly Buffer[]) => Buffer {
  let last: { readonly frames: readonly Buffer[]; readonly joined: Buffer } | undefined
  return (frames) => {
    if (frames.length === 1) return frames[0] as Buffer
    if (last?.frames.length === frames.length && frames.every((frame, index) => frame === last?.frames[index]))
      return last.joined
    last = { frames, joined: Buffer.concat(frames) }
    return last.joined
  }
}

/** What the connections of one server share. */
interface House {
  readonly ports: SocketPorts
  readonly connections: Set<Connection>
  readonly writer: Writer
}

/** Knows its connection, so that all sockets share the same listener functions. */
class OwnedSocket extends WebSocket {
  declare connection: Connection
}

const noActor = undefined as unknown as Actor
/** Shared by all connections that have nothing to send. */
const noFrames: Buffer[] = []

/** Fields, not closures, and no timers: an idle connection is a few hundred bytes beside its socket. */
class Connection implements Listener {
  actor: Actor = noActor
  conversations = nowhere
  #ws: OwnedSocket
  #socket: Socket
  #address: string
  #house: House
  #out: Buffer[] = noFrames
  #outBytes = 0
  /** Frames that came between joining and the welcome, which goes first. */
  #held: Buffer[] | undefined
  #behind = false
  #running = 0
  #refused = 0
  #openedAt = Date.now()
  #heardAt = this.#openedAt
  #toldHeadsAt = 0
  #expiresAt = 0

  constructor(ws: OwnedSocket, socket: Socket, address: string, house: House) {
    this.#ws = ws
    this.#socket = socket
    this.#address = address
    this.#house = house
    ws.connection = this
    ws.on('message', onMessage)
    ws.on('close', onClose)
    ws.on('error', ignoreError)
  }

  hint(frame: string): void {
    this.deliver(encodeTextFrame(frame), true)
  }

  deliver(frame: Buffer, mayDrop: boolean): void {
    if (this.#held) {
      if (!mayDrop) this.#held.push(frame)
      return
    }
    const unsent = this.#outBytes + this.#socket.writableLength
    if (unsent > softBytes && (mayDrop || unsent + frame.length > hardBytes)) {
      if (!mayDrop) this.#fallBehind()
      return
    }
    this.#write(frame)
  }

  #fallBehind() {
    if (this.#behind) return
    this.#behind = true
    // Once what is on its way has gone, one frame says that a pull is needed.
    this.#socket.once('drain', () => {
      this.#behind = false
      this.#write(encodeTextFrame('{"type":"behind"}'))
    })
  }

  #write(frame: Buffer) {
    this.#outBytes += frame.length
    if (this.#out === noFrames) {
      this.#out = [frame]
      this.#house.writer.later(this)
    } else this.#out.push(frame)
    if (this.#outBytes + this.#socket.writableLength > partBytes) this.#ws.terminate()
  }

  flush(join: (frames: readonly Buffer[]) => Buffer): void {
    const frames = this.#out
    if (frames.length === 0) return
    this.#out = noFrames
    this.#outBytes = 0
    if (this.#ws.readyState === this.#ws.OPEN) this.#socket.write(join(frames))
  }

  end(): void {
    this.close(closeCodes.signed_out.code, 'signed_out')
  }

  close(code: number, reason: string): void {
    this.flush(joiner())
    this.#ws.close(code, reason)
    // A client that does not answer the close is not waited for.
    setTimeout(() => this.#ws.terminate(), 1_000).unref()
  }

  closed(): void {
    this.#house.connections.delete(this)
    if (this.actor) this.#house.ports.part(this)
  }

  checkLife(now: number): void {
    if (!this.actor) {
      if (now - this.#openedAt > helloWithinMs) this.close(closeCodes.hostile.code, 'hello')
    } else if (now > this.#expiresAt) this.close(closeCodes.token_expired.code, 'token_expired')
    else if (now - this.#heardAt > 2 * pingMs) this.#ws.terminate()
    else if (this.#socket.writableLength > softBytes && this.#stalledSince(now) > 30_000)
      this.close(closeCodes.too_slow.code, 'too_slow')
  }

  #bytesAt: { sent: number; at: number } | undefined
  /** For how long not one byte has left, in milliseconds. */
  #stalledSince(now: number): number {
    const sent = this.#socket.bytesWritten - this.#socket.writableLength
    if (sent !== this.#bytesAt?.sent) this.#bytesAt = { sent, at: now }
    return now - this.#bytesAt.at
  }

  async receive(data: Buffer, isBinary: boolean): Promise<void> {
    // What comes in while we part, such as after the session has ended, is not done any more.
    if (this.#ws.readyState !== this.#ws.OPEN) return
    this.#heardAt = Date.now()
    let id: number | undefined
    let type = 'frame'
    try {
      const frame = parseFrame(data, isBinary)
      id = frame.id
      type = frame.type
      const waitMs = this.#house.ports.limit(this.actor ? `person ${this.actor.person}` : `address ${this.#address}`)
      if (waitMs > 0) throw new AppError('too_many_requests', undefined, waitMs)
      this.#refused = 0
      if (type === 'hello') return await this.#hello(id, frame)
      if (!this.actor) throw new AppError('unauthenticated', 'say hello first')
      if (type === 'ping') return this.#pong(id)
      if (this.#running >= maxRunning) throw new AppError('too_many_requests', 'at the same time', 50)
      this.#running++
      try {
        const { id: _, type: __, ...input } = frame
        const origin = { address: this.#address, refreshCookie: undefined, link: this, setRefreshCookie() {} }
        const ack = await this.#house.ports.dispatch(this.actor, type, input, origin)
        this.#write(encodeTextFrame(JSON.stringify({ id, ack })))
      } finally {
        this.#running--
      }
    } catch (error) {
      if (++this.#refused > floodFrames) return this.close(closeCodes.hostile.code, 'flood')
      const described = describeError(error, this.#house.ports.platform, type)
      this.#write(encodeTextFrame(JSON.stringify(id === undefined ? { error: described } : { id, error: described })))
    }
  }

  async #hello(id: number, frame: Record<string, unknown>): Promise<void> {
    const { actor, expiresAt } = await this.#house.ports.authenticate(helloToken(frame), this.#address)
    const renewed = this.actor !== noActor
    if (renewed && actor.session !== this.actor.session) throw new AppError('invalid_input', 'another session')
    this.#expiresAt = expiresAt
    if (!renewed) this.#held = []
    this.actor = actor
    try {
      const welcome = await this.#house.ports.welcome(this)
      this.#write(encodeTextFrame(JSON.stringify({ id, ack: welcome })))
    } finally {
      const held = this.#held ?? []
      this.#held = undefined
      for (const early of held) this.#write(early)
    }
  }

  #pong(id: number) {
    const since = this.#toldHeadsAt
    this.#toldHeadsAt = Date.now()
    const ack = this.#house.ports.fanout.movedSince(this, since)
    this.#write(encodeTextFrame(JSON.stringify({ id, ack })))
  }
}

function onMessage(this: WebSocket, data: Buffer, isBinary: boolean) {
  void (this as OwnedSocket).connection.receive(data, isBinary)
}

function onClose(this: WebSocket) {
  const { connection } = this as OwnedSocket
  connection.closed()
}

/** `close` follows and cleans up; broken frames are the client’s fault, not an event worth a line in the log. */
function ignoreError() {}

function parseFrame(data: Buffer, isBinary: boolean): { id: number; type: string } & Record<string, unknown> {
  if (isBinary) throw new AppError('unsupported', 'binary frame')
  if (data.length > maxFrameBytes) throw new AppError('too_large', 'frame')
  let frame: unknown
  try {
    frame = JSON.parse(data.toString('utf8'))
  } catch {
    throw new AppError('invalid_input', 'frame is not JSON')
  }
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame))
    throw new AppError('invalid_input', 'frame is not an object')
  const { id, type } = frame as Record<string, unknown>
  if (!Number.isSafeInteger(id) || (id as number) < 1) throw new AppError('invalid_input', 'id')
  if (typeof type !== 'string' || type.length > 64) throw new AppError('invalid_input', 'type')
  return frame as { id: number; type: string }
}
