import {
  type Client,
  type Clock,
  type ConversationWindow,
  createClient,
  createMemoryStore,
  MemoryDisk,
} from '@sotto/client'
import type { ConversationId, Entry, PersonId } from '@sotto/protocol'
import type { Product } from '../product.ts'
import { type Archived, check, type History } from './checker.ts'

const password = 'correct horse battery'
/** More rows than any of these journeys writes: the whole conversation is on the screen. */
const wholeConversation = { anchor: 'end', before: 100_000, after: 0 } as const

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

/** A person with one device, whose disk outlives the program on it. */
export interface Player {
  readonly name: string
  readonly id: PersonId
  readonly client: Client
  /** Sends to the other one and notes when the message was promised. */
  say(text: string): Promise<void>
  /** The program dies without a word and is started again on the same disk. */
  crash(): Promise<void>
  /** Resolves once nothing waits on the device. */
  settled(): Promise<void>
}

export interface Stage {
  readonly players: readonly [Player, Player]
  /** Everything against the archive, once nothing waits any more. */
  verdict(): Promise<{ faults: string[]; messages: number }>
  close(): Promise<void>
}

/** Two people in a thread, writing through whatever happens. `url` is where their devices connect; the archive is read from the product itself. Their waiting is this many times shorter. */
export async function setStage(product: Product, url = product.url, times = 50): Promise<Stage> {
  const promised = new Map<string, string[]>()
  const acknowledged = new Map<string, { clientId: string; place: number }>()
  const shown = new Map<string, ConversationWindow>()
  const clock = fastClock(times)
  const ports = { clock }

  const admin = createClient({ url: product.url, ports })
  await admin.setUp({
    setup: new URL(product.setup).hash.slice(1),
    instance: 'Faults',
    name: 'admin',
    displayName: 'Admin',
    password,
  })
  const { token } = await admin.call('invitations.create', { role: 'member', uses: 2, expiresInHours: 1 })
  await admin.close()

  async function enter(name: string): Promise<Player & { meet(other: PersonId): void }> {
    const disk = new MemoryDisk()
    promised.set(name, [])
    let client = createClient({ url, ports, store: createMemoryStore(disk) })
    const me = await client.signUp({ invitation: token, name, displayName: name, password })
    let other: PersonId | undefined

    function watch() {
      if (!other) return
      client.watch('conversation', { target: { person: other }, window: wholeConversation }, (window) => {
        shown.set(name, window)
        for (const row of window.rows)
          if (row.kind === 'message' && row.place !== null && row.sender === me.person.id && !acknowledged.has(row.key))
            acknowledged.set(row.key, { clientId: row.key, place: row.place })
      })
    }

    return {
      name,
      id: me.person.id,
      get client() {
        return client
      },
      meet(person) {
        other = person
        watch()
      },
      async say(text) {
        const id = await client.send({ person: other as PersonId }, text)
        promised.get(name)?.push(id)
      },
      async crash() {
        // Nothing is closed or flushed: the old program simply has no more say over the disk.
        const dead = client
        client = createClient({ url, ports, store: createMemoryStore(disk) })
        await client.resume()
        watch()
        await dead.close().catch(() => {})
      },
      settled: () =>
        new Promise((resolve, reject) => {
          const timer = setTimeout(() => reject(new Error(`${name} still has messages waiting after 30 s`)), 30_000)
          const stop = client.watch('outbox', {}, ({ waiting, failed }) => {
            if (failed > 0) reject(new Error(`${failed} messages of ${name} were refused`))
            if (waiting > 0) return
            clearTimeout(timer)
            setImmediate(() => stop())
            resolve()
          })
        }),
    }
  }

  const [alice, bob] = [await enter('alice'), await enter('bob')]
  alice.meet(bob.id)
  bob.meet(alice.id)
  await alice.say('hello')
  await alice.settled()

  return {
    players: [alice, bob],
    async verdict() {
      await Promise.all([alice.settled(), bob.settled()])
      // By another device on a good line, which shares nothing with those on the stage.
      await ready(product)
      const reader = createClient({ url: product.url })
      await reader.signIn({ name: alice.name, password })
      const archive = await readArchive(reader, bob.id)
      await reader.signOut()
      await caughtUp(shown, archive.entries.at(-1)?.place ?? 0)
      const screens = new Map([...shown].map(([name, window]) => [name, rowsOf(window)]))
      const history: History = { promised, acknowledged: [...acknowledged.values()], shown: screens }
      return {
        faults: check(
          history,
          archive.messages,
          archive.entries.map((entry) => entry.place),
        ),
        messages: archive.messages.length,
      }
    },
    async close() {
      await Promise.all([alice.client.close(), bob.client.close()])
    },
  }
}

function rowsOf(window: ConversationWindow) {
  return window.rows.flatMap((row) =>
    row.kind === 'message' ? [{ clientId: row.key as string, place: row.place, text: row.text }] : [],
  )
}

async function caughtUp(shown: ReadonlyMap<string, ConversationWindow>, head: number): Promise<void> {
  const until = Date.now() + 30_000
  while (
    [...shown.values()].some(
      (window) => window.head < head || window.loading || !window.atEnd || (window.rows.at(-1)?.place ?? 0) < head,
    )
  ) {
    // Past that the checker says what is missing.
    if (Date.now() > until) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** The log as the server answers for it, page by page. */
async function readArchive(client: Client, other: PersonId): Promise<{ entries: Entry[]; messages: Archived[] }> {
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
  const messages = entries.flatMap((entry) =>
    entry.kind === 'message'
      ? [{ place: entry.place, clientId: entry.clientId, sender: entry.sender, text: entry.body.text }]
      : [],
  )
  return { entries, messages }
}

/** Resolves once server and database answer. */
async function ready(product: Product): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(`${product.url}/readyz`).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
