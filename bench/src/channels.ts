import { randomUUID } from 'node:crypto'
import { type NetConnectOpts, connect as netConnect, type Socket } from 'node:net'
import { join } from 'node:path'
import { pingMs } from '@sotto/protocol'
import { type ClientOptions, WebSocket } from 'ws'
import { fillMembers, fillPeople, openBeside } from './fill.ts'
import {
  type BenchPerson,
  connect,
  type Line,
  makeInstance,
  percentile,
  post,
  root,
  sleep,
  startProgram,
  startSotto,
  withFolder,
} from './harness.ts'

const perSecond = 10

/**
 * A channel in which everybody is connected, at ten messages a second: from the time a message should have been sent until the last member
 * has it. Against a relay that stores nothing.
 */
export async function benchChannel(members: number, seconds: number): Promise<Line[]> {
  const ours = await withFolder(async (folder) => {
    const sotto = await startSotto(folder)
    const { admin, people } = await makeInstance(sotto, 1)
    const [sender] = people as [BenchPerson]
    const conversation = await makeChannel(sotto.url, admin, 'Everybody')
    await post(sotto.url, `/channels/${conversation}/join`, {}, sender.token)
    const database = await openBeside(folder)
    await fillMembers(database, conversation, await fillPeople(database, 'p0', members))
    await database.close()
    const arrivals = new Arrivals(members)
    for (let index = 1; index <= members; index += 20)
      await Promise.all(
        Array.from({ length: Math.min(20, members - index + 1) }, async (_, offset) => {
          const credentials = { name: `filled${index + offset}`, password: 'correct horse' }
          const input = { ...credentials, device: 'bench', keep: 'token' }
          const { accessToken } = await post<{ accessToken: string }>(sotto.url, '/sessions', input)
          const tcp = wire(index)
          const socket = await connect(sotto.url, accessToken, tcp.options)
          tcp.listen((data) => arrivals.take(data))
          // As clients do; the server parts from who is not heard.
          setInterval(() => void socket.ask({ type: 'ping' }), pingMs).unref()
        }),
      )
    const socket = await connect(sotto.url, sender.token)
    await arrivals.measure(seconds, (text) =>
      socket.ask({ type: 'messages.send', conversation, clientId: randomUUID(), text }),
    )
    await sotto.stop()
    return arrivals.times
  })
  const relay = await startProgram(join(root, 'bench/src/relay.ts'), [], {})
  const arrivals = new Arrivals(members)
  const open = async (options: ClientOptions) => {
    const ws = new WebSocket(relay.url.replace('http', 'ws'), { perMessageDeflate: false, ...options })
    await new Promise((resolve) => ws.once('open', resolve))
    return ws
  }
  for (let index = 0; index < members; index++) {
    const tcp = wire(index)
    await open(tcp.options)
    tcp.listen((data) => arrivals.take(data))
  }
  const sender = await open({})
  await arrivals.measure(seconds, async (text) => sender.send(JSON.stringify({ id: 1, type: 'entry', text })))
  await relay.stop()
  const p99 = percentile(ours, 0.99)
  return [
    {
      what: `a channel of ${members}, ${perSecond} messages/s, until the last member has it`,
      ours: `p50 ${percentile(ours, 0.5).toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
      compared: `a bare ws relay: p50 ${percentile(arrivals.times, 0.5).toFixed(0)} ms, p99 ${percentile(arrivals.times, 0.99).toFixed(0)} ms`,
      goal: 'p99 ≤ 60 ms',
      met: p99 <= 60,
    },
  ]
}

/** A connection whose bytes are looked at as they come: reading frames in full would cost more than what is measured. */
function wire(index: number): { options: ClientOptions; listen(take: (data: Buffer) => void): void } {
  let tcp: Socket | undefined
  const createConnection = (options: NetConnectOpts) => {
    tcp = netConnect({ ...options, localAddress: `127.0.0.${2 + (index % 8)}` } as NetConnectOpts)
    return tcp
  }
  return {
    options: { createConnection: createConnection as unknown as NonNullable<ClientOptions['createConnection']> },
    listen(take) {
      tcp?.removeAllListeners('data')
      tcp?.on('data', take)
    },
  }
}

/** When the last of so many had each message. Messages carry their number in their text. */
class Arrivals {
  readonly times: number[] = []
  private readonly members: number
  private readonly waiting = new Map<number, { readonly due: number; left: number }>()

  constructor(members: number) {
    this.members = members
  }

  take(data: Buffer) {
    for (let mark = data.indexOf('"#'); mark >= 0; mark = data.indexOf('"#', mark + 2)) {
      const number = Number.parseInt(data.toString('latin1', mark + 2, mark + 10), 10)
      const message = this.waiting.get(number)
      if (!message || --message.left > 0) continue
      this.times.push(performance.now() - message.due)
      this.waiting.delete(number)
    }
  }

  async measure(seconds: number, send: (text: string) => Promise<unknown>) {
    const began = performance.now() + 500
    for (let number = 0; number < seconds * perSecond; number++) {
      const due = began + (number * 1000) / perSecond
      await sleep(Math.max(0, due - performance.now()))
      this.waiting.set(number, { due, left: this.members })
      void send(`#${String(number).padStart(8, '0')} ${'x'.repeat(90)}`)
    }
    for (let tries = 0; this.waiting.size > 0 && tries < 100; tries++) await sleep(100)
    if (this.waiting.size > 0) throw new Error(`${this.waiting.size} messages did not reach everybody`)
  }
}

async function makeChannel(url: string, admin: BenchPerson, name: string): Promise<string> {
  const input = { clientId: randomUUID(), name, listed: true }
  const { card } = await post<{ card: { conversation: string } }>(url, '/channels', input, admin.token)
  return card.conversation
}

const windows = 300
const joins = 100

/** Joining a large channel, and a window of its members at a random place; against a channel of fifty. */
export async function benchMembers(members: number): Promise<Line[]> {
  return withFolder(async (folder) => {
    const sotto = await startSotto(folder)
    const { admin, people } = await makeInstance(sotto, joins)
    const [large, small] = [await makeChannel(sotto.url, admin, 'Large'), await makeChannel(sotto.url, admin, 'Small')]
    const database = await openBeside(folder)
    const filled = await fillPeople(database, 'p0', members)
    await fillMembers(database, large, filled)
    await fillMembers(database, small, filled.slice(0, 50))
    await database.close()
    const sockets = await Promise.all(people.map((person) => connect(sotto.url, person.token)))
    const timed = async (socket: (typeof sockets)[number], frame: object) => {
      const began = performance.now()
      const answer = await socket.ask(frame)
      if (!answer.includes('"ack"')) throw new Error(answer)
      return performance.now() - began
    }
    const joinAll = async (conversation: string) => {
      const times = []
      for (const socket of sockets) times.push(await timed(socket, { type: 'channels.join', conversation }))
      return times
    }
    const [joinedSmall, joinedLarge] = [await joinAll(small), await joinAll(large)]
    const windowsOf = async (conversation: string) => {
      const times = []
      for (let index = 0; index < windows; index++) {
        const after = `filled${1 + Math.floor(Math.random() * members)}`
        const socket = sockets[index % sockets.length] as (typeof sockets)[number]
        times.push(await timed(socket, { type: 'members.list', conversation, after, limit: 50 }))
      }
      return times
    }
    const [windowSmall, windowLarge] = [await windowsOf(small), await windowsOf(large)]
    await sotto.stop()
    const say = (times: number[]) =>
      `p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms`
    return [
      {
        what: `joining a channel of ${members}`,
        ours: say(joinedLarge),
        compared: `one of 50: ${say(joinedSmall)}`,
        goal: '≤ 2 × at the median',
        met: percentile(joinedLarge, 0.5) <= 2 * percentile(joinedSmall, 0.5),
      },
      {
        what: `a window of 50 of its members`,
        ours: say(windowLarge),
        compared: `of 50: ${say(windowSmall)}`,
        goal: 'p99 ≤ 50 ms',
        met: percentile(windowLarge, 0.99) <= 50,
      },
    ]
  })
}
