import {
  type Client,
  type Clock,
  type ConversationWindow,
  createClient,
  createMemoryStore,
  MemoryDisk,
  type Store,
} from '@sotto/client'
import type { ClientId, ConversationId, Entry, PersonId } from '@sotto/protocol'
import type { Product } from '../product.ts'
import { type Archived, check, type History } from './checker.ts'

const password = 'correct horse battery'
/** More rows than any of these journeys writes: the whole conversation is on the screen. */
export const wholeConversation = { anchor: 'end', before: 100_000, after: 0 } as const

/** Waiting runs faster than time: a back-off of seconds is not what is tested here. */
export function fastClock(times: number): Clock {
  return {
    now: () => Date.now(),
    after(ms, run) {
      const timer = setTimeout(run, ms / times)
      return () => clearTimeout(timer)
    },
  }
}

/** A person with one device. */
export interface Player {
  readonly name: string
  readonly id: PersonId
  readonly client: Client
  /** Sends to the other one and notes when the message was promised. */
  say(text: string): Promise<void>
  /** Resolves once nothing waits on the device. */
  settled(): Promise<void>
}

export interface Stage {
  readonly players: readonly [Player, Player]
  /** Everything against the archive, once nothing waits any more. */
  verdict(): Promise<{ faults: string[]; messages: number }>
  close(): Promise<void>
}

/** Sets the product up with two people, each of whom has signed up on a device with this store. */
export async function signUpTwo(
  product: Product,
  storeOf: (name: string) => Store,
): Promise<{ alice: PersonId; bob: PersonId }> {
  const admin = createClient({ url: product.url })
  await admin.setUp({
    setup: new URL(product.setup).hash.slice(1),
    instance: 'Faults',
    name: 'admin',
    displayName: 'Admin',
    password,
  })
  const { token } = await admin.call('invitations.create', { role: 'member', uses: 2, expiresInHours: 1 })
  await admin.close()
  const enter = async (name: string) => {
    const client = createClient({ url: product.url, store: storeOf(name) })
    const { person } = await client.signUp({ invitation: token, name, displayName: name, password })
    await client.close()
    return person.id
  }
  return { alice: await enter('alice'), bob: await enter('bob') }
}

/** Two people in a thread, writing through whatever happens. `url` is where their devices connect; the archive is read from the product itself. Their waiting is this many times shorter. */
export async function setStage(product: Product, url = product.url, times = 50): Promise<Stage> {
  const promised = new Map<string, string[]>()
  const acknowledged = new Map<string, number>()
  const shown = new Map<string, ConversationWindow>()
  const ports = { clock: fastClock(times) }
  const disks: Readonly<Record<string, MemoryDisk>> = { alice: new MemoryDisk(), bob: new MemoryDisk() }
  const ids = await signUpTwo(product, (name) => createMemoryStore(disks[name]))

  async function enter(name: 'alice' | 'bob', other: PersonId): Promise<Player> {
    const client = createClient({ url, ports, store: createMemoryStore(disks[name]) })
    await client.resume()
    const ownIds: string[] = []
    promised.set(name, ownIds)
    client.watch('conversation', { target: { person: other }, window: wholeConversation }, (window) => {
      shown.set(name, window)
      for (const { clientId, place } of sentBy(ids[name], window)) {
        // What was shown once counts, whatever is shown later.
        if (!acknowledged.has(clientId)) acknowledged.set(clientId, place)
      }
    })
    return {
      name,
      id: ids[name],
      client,
      say: async (text) => void ownIds.push(await client.send({ person: other }, text)),
      settled: () => settled(client),
    }
  }

  const [alice, bob] = [await enter('alice', ids.bob), await enter('bob', ids.alice)]
  await alice.say('hello')
  await alice.settled()

  return {
    players: [alice, bob],
    async verdict() {
      await Promise.all([alice.settled(), bob.settled()])
      const archive = await readArchive(product, alice.name, bob.id)
      await Promise.all([alice, bob].map(({ name }) => caughtUp(() => shown.get(name), archive.head)))
      const history: History = {
        promised,
        acknowledged: [...acknowledged].map(([clientId, place]) => ({ clientId, place })),
        shown: new Map([...shown].map(([name, window]) => [name, rowsOf(window)])),
      }
      return { faults: check(history, archive.messages, archive.places), messages: archive.messages.length }
    },
    async close() {
      await Promise.all([alice.client.close(), bob.client.close()])
    },
  }
}

/** Resolves once nothing waits on the device. */
export function settled(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('there are still messages waiting after 30 s')), 30_000)
    const stop = client.watch('outbox', {}, ({ waiting, failed }) => {
      if (failed > 0) reject(new Error(`${failed} messages were refused`))
      if (waiting > 0) return
      clearTimeout(timer)
      setImmediate(() => stop())
      resolve()
    })
  })
}

/** A person’s own messages that a window shows as sent. */
export function sentBy(person: PersonId, { rows }: ConversationWindow): { clientId: ClientId; place: number }[] {
  return rows.flatMap((row) =>
    row.kind === 'message' && row.place !== null && row.sender === person
      ? [{ clientId: row.key, place: row.place }]
      : [],
  )
}

export function rowsOf({ rows }: ConversationWindow) {
  return rows.flatMap((row) =>
    row.kind === 'message' ? [{ clientId: row.key as string, place: row.place, text: row.text }] : [],
  )
}

/** Resolves once a window of the whole conversation shows everything up to the head; past 30 s the checker says what is missing. */
export async function caughtUp(look: () => ConversationWindow | undefined, head: number): Promise<void> {
  const isThere = (window: ConversationWindow | undefined) =>
    window && window.head >= head && !window.loading && window.atEnd && (window.rows.at(-1)?.place ?? 0) >= head
  for (const until = Date.now() + 30_000; !isThere(look()) && Date.now() < until; )
    await new Promise((resolve) => setTimeout(resolve, 20))
}

/** The log of somebody’s thread as the server answers for it, read by a device that shares nothing with those on the stage. */
export async function readArchive(
  product: Product,
  name: string,
  other: PersonId,
): Promise<{ places: number[]; messages: Archived[]; head: number }> {
  await ready(product)
  const client = createClient({ url: product.url })
  await client.signIn({ name, password })
  const board = await client.call('board.pull', { after: 0 })
  const card = board.rows
    .map((row) => row.value)
    .find((value) => value !== null && 'with' in value && value.with === other)
  const { conversation } = card as { conversation: ConversationId }
  const entries: Entry[] = []
  for (;;) {
    const after = entries.at(-1)?.place ?? 0
    const page = await client.call('messages.page', { conversation, after, limit: 200 })
    entries.push(...page.entries)
    if (page.entries.length === 0 || entries.at(-1)?.place === page.head) break
  }
  await client.signOut()
  const messages = entries.flatMap((entry) =>
    entry.kind === 'message'
      ? [{ place: entry.place, clientId: entry.clientId, sender: entry.sender, text: entry.body.text }]
      : [],
  )
  return { places: entries.map((entry) => entry.place), messages, head: entries.at(-1)?.place ?? 0 }
}

/** Resolves once server and database answer. */
async function ready(product: Product): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(`${product.url}/readyz`).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
