// A device as a process of its own, which may be killed: it writes to one person and says what it was promised.
// node device.ts URL STORE-FILE PERSON; then "send NAME", or "finish" and, once it is settled, "show HEAD".
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConversationWindow, createClient, type Me } from '@sotto/client'
import { createSqliteStore } from '@sotto/client/node'
import type { ClientId, PersonId } from '@sotto/protocol'
import { caughtUp, fastClock, rowsOf, sentBy, settled, wholeConversation } from './cast.ts'

/** What it says, one object a line. */
export type Said =
  | { readonly ready: true }
  /** `send` has resolved. */
  | { readonly promised: ClientId }
  /** Shown as sent. */
  | { readonly acknowledged: ClientId; readonly place: number }
  /** Nothing waits. */
  | { readonly settled: true }
  | { readonly shown: ReturnType<typeof rowsOf> }

// Synchronous where it goes to a pipe: what was said before a kill will be read.
const say = (said: Said) => process.stdout.write(`${JSON.stringify(said)}\n`)

const [url = '', file = '', other] = process.argv.slice(2)
const person = other as PersonId
const orders = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const next = async () => String((await orders.next()).value).split(' ')
say({ ready: true })
const [order, name] = await next()

const client = createClient({ url, store: createSqliteStore(file), ports: { clock: fastClock(20) } })
const me = (await client.resume()) as Me
let window: ConversationWindow | undefined
const acknowledged = new Set<string>()
client.watch('conversation', { target: { person }, window: wholeConversation }, (shown) => {
  window = shown
  for (const { clientId, place } of sentBy(me.person.id, shown)) {
    if (!acknowledged.has(clientId)) say({ acknowledged: clientId, place })
    acknowledged.add(clientId)
  }
})

if (order === 'finish') {
  await settled(client)
  say({ settled: true })
  const [, head] = await next()
  await caughtUp(() => window, Number(head))
  const shown: Said = { shown: rowsOf(window as ConversationWindow) }
  // It is longer than a pipe holds: the end waits until all of it has gone.
  await new Promise((resolve) => process.stdout.write(`${JSON.stringify(shown)}\n`, resolve))
  process.exit(0)
}
for (let index = 0; ; index++) {
  say({ promised: await client.send({ person }, `${name}.${index}`) })
  await sleep(Math.random() * 60)
}
