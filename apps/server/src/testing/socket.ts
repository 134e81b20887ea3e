import type { CommandName, Input, PushFrame, Reply, Welcome } from '@sotto/protocol'
import { wireVersion } from '@sotto/protocol/pure'
import { type ClientOptions, WebSocket } from 'ws'

/** The wire, as a client of somebody else’s making would speak it. */
export interface TestSocket {
  hello(token: string): Promise<Welcome>
  /** Rejects with the error body when refused. */
  call<Name extends CommandName>(name: Name, input: Input<Name>): Promise<Reply<Name>>
  /** A frame of any kind; resolves with the answer that carries its id. */
  ask(frame: Record<string, unknown>): Promise<{ id: number; ack?: unknown; error?: { code: string } }>
  raw(data: string | Buffer): void
  /** Every push frame so far, in order. */
  readonly pushed: PushFrame[]
  /** The next push frame of this type that is not yet taken and fits; waits for it. */
  next<Type extends PushFrame['type']>(
    type: Type,
    fits?: (frame: Extract<PushFrame, { type: Type }>) => boolean,
  ): Promise<Extract<PushFrame, { type: Type }>>
  /** Answers without an id: what was wrong with a frame that had none. */
  readonly strays: unknown[]
  readonly closed: Promise<{ code: number; reason: string }>
  close(): void
}

export async function openSocket(url: string, options: ClientOptions = {}): Promise<TestSocket> {
  const ws = new WebSocket(`${url.replace(/^http/, 'ws')}/api/v1/socket`, options)
  const waiting = new Map<number, (answer: never) => void>()
  const pushed: PushFrame[] = []
  const taken = new Set<PushFrame>()
  const strays: unknown[] = []
  const watchers = new Set<() => void>()
  let lastId = 0

  ws.on('message', (data) => {
    const frame = JSON.parse(String(data))
    if (typeof frame.id === 'number') {
      waiting.get(frame.id)?.(frame as never)
      waiting.delete(frame.id)
    } else if (frame.error) strays.push(frame)
    else pushed.push(frame)
    for (const watcher of watchers) watcher()
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    ws.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
  })
  await new Promise<void>((resolve, reject) => {
    ws.on('open', resolve)
    ws.on('error', reject)
  })

  const socket: TestSocket = {
    pushed,
    strays,
    closed,
    hello: async (token) => (await expectAck({ type: 'hello', version: wireVersion, token })) as Welcome,
    call: async (name, input) => (await expectAck({ type: name, ...input })) as never,
    ask: (frame) => {
      const id = (frame.id as number | undefined) ?? ++lastId
      const answer = new Promise<never>((resolve) => waiting.set(id, resolve))
      ws.send(JSON.stringify({ id, ...frame }))
      return answer
    },
    raw: (data) => ws.send(data, { binary: false }),
    next: (type, fits = () => true) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          watchers.delete(look)
          reject(new Error(`no ${type} frame came; there were ${JSON.stringify(pushed.map((frame) => frame.type))}`))
        }, 5_000)
        const look = () => {
          const found = pushed.find((frame) => frame.type === type && !taken.has(frame) && fits(frame as never))
          if (!found) return
          taken.add(found)
          clearTimeout(timer)
          watchers.delete(look)
          resolve(found as never)
        }
        watchers.add(look)
        look()
      }),
    close: () => ws.close(),
  }
  return socket

  async function expectAck(frame: Record<string, unknown>): Promise<unknown> {
    const answer = await socket.ask(frame)
    if (answer.error) throw answer.error
    return answer.ack
  }
}
