import type { ConversationId, Person } from '@sotto/protocol'
import type { ConversationItem, ConversationWindow, Row, Target, Watches, Window } from '#client/api.ts'
import { Core, type CoreOptions } from '#client/core/core.ts'
import type { OnNetwork, OnWake } from '#client/core/ports.ts'
import { createMemoryStore, type MemoryDisk } from '#client/stores/memory.ts'
import { FakeClock, FakeRandom } from './fake-clock.ts'
import { FakeServer } from './fake-server.ts'

export const wholeWindow: Window = { anchor: 'end', before: 1_000, after: 0 }

/** A server, a clock and as many clients as a test wants. */
export class World {
  readonly clock: FakeClock
  readonly random: FakeRandom
  readonly server: FakeServer
  private readonly wakers = new Set<() => void>()
  private readonly networkListeners = new Set<(isUp: boolean) => void>()
  private hasNetwork = true

  constructor(seed = 1) {
    this.clock = new FakeClock()
    this.random = new FakeRandom(seed)
    this.server = new FakeServer(this.clock, this.random)
  }

  client(disk?: MemoryDisk, options: Partial<CoreOptions> = {}): Core {
    return new Core({
      url: 'http://sotto.test',
      store: createMemoryStore(disk),
      keep: 'token',
      device: 'test',
      ports: {
        clock: this.clock,
        random: this.random,
        openSocket: this.server.openSocket,
        fetch: this.server.fetch,
        onWake: this.onWake,
        onNetwork: this.onNetwork,
      },
      ...options,
    })
  }

  async signIn(person: Person, disk?: MemoryDisk, options?: Partial<CoreOptions>): Promise<Core> {
    const client = this.client(disk, options)
    await this.during(client.signIn({ name: person.name, password: `${person.name}-password` }))
    return client
  }

  async online(person: Person, disk?: MemoryDisk, options?: Partial<CoreOptions>): Promise<Core> {
    const client = await this.signIn(person, disk, options)
    await this.caughtUp(client)
    return client
  }

  async caughtUp(client: Core) {
    const connection = latest(client, 'connection', {})
    await this.clock.passUntil(() => connection.value.phase === 'online')
    connection.stop()
  }

  /** Lets time pass until a promise settles. */
  async during<Result>(promise: Promise<Result>): Promise<Result> {
    let isDone = false
    const done = promise.finally(() => {
      isDone = true
    })
    done.catch(() => {})
    await this.clock.passUntil(() => isDone)
    return done
  }

  wake() {
    for (const wake of this.wakers) wake()
  }

  /** What the devices are told of their network; whether anything goes through is a matter of the server. */
  setNetwork(isUp: boolean) {
    this.hasNetwork = isUp
    for (const listener of this.networkListeners) listener(isUp)
  }

  private readonly onWake: OnWake = (listener) => {
    this.wakers.add(listener)
    return () => this.wakers.delete(listener)
  }

  readonly onNetwork: OnNetwork = (listener) => {
    this.networkListeners.add(listener)
    listener(this.hasNetwork)
    return () => this.networkListeners.delete(listener)
  }
}

/** Watches, and holds the latest value and how often one came. */
export function latest<Name extends keyof Watches>(client: Core, name: Name, ask: Watches[Name]['ask']) {
  const watched = {
    value: undefined as never as Value<Name>,
    count: 0,
    seen: [] as Value<Name>[],
    stop: () => {},
  }
  watched.stop = client.watch(name, ask as never, (value) => {
    watched.value = value as Value<Name>
    watched.count++
    watched.seen.push(value as Value<Name>)
  })
  return watched
}

type Value<Name extends keyof Watches> = Watches[Name]['get']

export function texts(window: ConversationWindow): string[] {
  return window.rows.flatMap((row) => (row.kind === 'message' ? [row.text] : []))
}

export function windowOn(client: Core, target: Target, window: Window = wholeWindow) {
  return latest(client, 'conversation', { target, window })
}

export function messageRows(window: ConversationWindow): Extract<Row, { kind: 'message' }>[] {
  return window.rows.filter((row) => row.kind === 'message')
}

export function itemFor(
  items: readonly ConversationItem[],
  conversation: ConversationId,
): ConversationItem | undefined {
  return items.find((item) => item.card.conversation === conversation)
}
