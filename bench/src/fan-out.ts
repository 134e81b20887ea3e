import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import {
  connect,
  type Line,
  makePeople,
  makeThread,
  type Program,
  root,
  sleep,
  startProgram,
  startSotto,
  withFolder,
} from './harness.ts'

const listeners = 100
const senders = 4
const inFlight = 8
const text = 'x'.repeat(100)

/** Deliveries of one sender’s messages to a hundred devices, archived first; against a relay that stores nothing and writes one prebuilt frame to each. */
export async function benchFanOut(seconds: number): Promise<Line[]> {
  return withFolder(async (folder) => {
    const sotto = await startSotto(folder)
    const [one, other] = await makePeople(sotto, 2)
    if (!one || !other) throw new Error('too few people')
    const conversation = await makeThread(sotto, one, other)
    let delivered = 0
    const count = () => delivered++
    for (let index = 0; index < listeners; index++) (await connect(sotto.url, other.token)).onPush(count)
    const socket = await connect(sotto.url, one.token)
    const send = () => socket.ask({ type: 'messages.send', conversation, clientId: randomUUID(), text })
    const ours = await measure(send, () => delivered, seconds)
    await sotto.stop()

    const relay = await startProgram(join(root, 'bench/src/relay.ts'), [], {})
    const bare = await relayDeliveries(relay, seconds)
    await relay.stop()
    return [
      {
        what: 'fan-out to 100 devices, archived',
        ours: `${ours.toFixed(0)} deliveries/s`,
        compared: `${(ours / bare).toFixed(2)} × a bare ws relay with prebuilt frames (${bare.toFixed(0)}/s)`,
        goal: '≥ 0.9 ×',
        met: ours / bare >= 0.9,
      },
    ]
  })
}

async function relayDeliveries(relay: Program, seconds: number): Promise<number> {
  let delivered = 0
  const open = async () => {
    const ws = new WebSocket(relay.url.replace('http', 'ws'), { perMessageDeflate: false, skipUTF8Validation: true })
    await new Promise((resolve) => ws.once('open', resolve))
    return ws
  }
  for (let index = 0; index < listeners; index++) (await open()).on('message', () => delivered++)
  const sender = await open()
  const waiting: (() => void)[] = []
  // The relay answers the sender with the same frame that everybody gets.
  sender.on('message', () => waiting.shift()?.())
  const entry = {
    conversation: randomUUID(),
    place: 1,
    id: randomUUID(),
    sender: randomUUID(),
    clientId: randomUUID(),
    at: new Date().toISOString(),
    kind: 'message',
    body: { text },
  }
  const frame = JSON.stringify({ type: 'entry', entry })
  const send = () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve)
      sender.send(frame)
    })
  return measure(send, () => delivered, seconds)
}

async function measure(send: () => Promise<unknown>, read: () => number, seconds: number): Promise<number> {
  const run = async (forSeconds: number) => {
    const until = performance.now() + forSeconds * 1000
    await Promise.all(
      Array.from({ length: senders * inFlight }, async () => {
        while (performance.now() < until) await send()
      }),
    )
  }
  await run(2)
  await sleep(300)
  const [before, began] = [read(), performance.now()]
  await run(seconds)
  const perSecond = (read() - before) / ((performance.now() - began) / 1000)
  return perSecond
}
