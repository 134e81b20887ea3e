import { randomUUID } from 'node:crypto'
import {
  type BenchSocket,
  connect,
  type Line,
  makePeople,
  makeThread,
  percentile,
  sleep,
  startSotto,
  withFolder,
} from './harness.ts'
import { naiveSends } from './naive.ts'

const pairs = 100
/** Messages of one sender that wait for their acknowledgement at the same time, when the question is how many there can be. */
const inFlight = 6
const text = 'x'.repeat(100)

interface Sender {
  readonly socket: BenchSocket
  readonly conversation: string
}

/** Durable sends between pairs of people: how many, and how long one waits at half of that; against one INSERT per message on the same PostgreSQL. */
export async function benchSends(seconds: number): Promise<Line[]> {
  return withFolder(async (folder) => {
    const sotto = await startSotto(folder)
    const people = await makePeople(sotto, pairs * 2)
    const senders: Sender[] = []
    let deliveries = 0
    for (let index = 0; index < pairs; index++) {
      const [one, other] = [people[index * 2], people[index * 2 + 1]]
      if (!one || !other) throw new Error('too few people')
      const conversation = await makeThread(sotto, one, other)
      senders.push({ conversation, socket: await connect(sotto.url, one.token) })
      const receiver = await connect(sotto.url, other.token)
      receiver.onPush(() => deliveries++)
    }
    await saturate(senders, 3)
    const before = deliveries
    const perSecond = await saturate(senders, seconds)
    const delivered = (deliveries - before) / seconds
    const latencies = await pace(senders, perSecond / 2, seconds)
    const naive = await naiveSends(folder, seconds)
    await sotto.stop()
    const p99 = percentile(latencies, 0.99)
    return [
      {
        what: 'durable sends',
        ours: `${perSecond.toFixed(0)}/s (${delivered.toFixed(0)} delivered/s)`,
        compared: `${(perSecond / naive).toFixed(1)} × one INSERT per message with ws and pg (${naive.toFixed(0)}/s)`,
        goal: '≥ 10,000/s',
        met: perSecond >= 10_000,
      },
      {
        what: 'acknowledgement at half of that',
        ours: `p50 ${percentile(latencies, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
        compared: `open loop, ${latencies.length} sends, from the intended time`,
        goal: 'p99 ≤ 15 ms',
        met: p99 <= 15,
      },
    ]
  })
}

function send({ socket, conversation }: Sender): Promise<string> {
  return socket.ask({ type: 'messages.send', conversation, clientId: randomUUID(), text })
}

async function saturate(senders: readonly Sender[], seconds: number): Promise<number> {
  let acknowledged = 0
  const until = performance.now() + seconds * 1000
  const began = performance.now()
  await Promise.all(
    senders.flatMap((sender) =>
      Array.from({ length: inFlight }, async () => {
        while (performance.now() < until) {
          const answer = await send(sender)
          if (!answer.includes('"ack"')) throw new Error(answer)
          acknowledged++
        }
      }),
    ),
  )
  return acknowledged / ((performance.now() - began) / 1000)
}

/** Sends at fixed times whatever comes back, and counts from those times: a pause of the server is felt by all who would have sent in it. */
async function pace(senders: readonly Sender[], perSecond: number, seconds: number): Promise<number[]> {
  const latencies: number[] = []
  const waiting: Promise<void>[] = []
  const began = performance.now()
  const total = Math.floor(perSecond * seconds)
  for (let index = 0; index < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * perSecond))
    for (; index < due; index++) {
      const intended = began + (index / perSecond) * 1000
      const sender = senders[index % senders.length] as Sender
      waiting.push(send(sender).then(() => void latencies.push(performance.now() - intended)))
    }
    await sleep(1)
  }
  await Promise.all(waiting)
  return latencies
}
