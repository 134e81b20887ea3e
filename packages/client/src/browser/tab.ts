import type { ClientId } from '@sotto/protocol'
import type { Client, Target } from '#client/api.ts'
import type { Clock, Random } from '#client/core/ports.ts'
import { errorBody } from '#client/core/rest.ts'
import { PenTaken } from '#client/core/store.ts'
import type { Ask, Method, Tell } from './messages.ts'
import type { Channel, Claim, Locks, OpenChannel } from './tab-ports.ts'

export type LeadingClient = Client & { submit(target: Target, text: string, clientId: ClientId): Promise<ClientId> }

export interface TabParts {
  /** Tabs with the same name belong together. */
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly locks: Locks
  readonly openChannel: OpenChannel
  /** Makes the client of the leading tab. `lost` is called when another writer has taken the store. */
  readonly createClient: (lost: () => void) => LeadingClient
  /** To the page. */
  readonly tell: (message: Tell) => void
  /** Waiting may be pointless from now on: for the client this tab leads with. */
  readonly wake: () => void
}

/** On the channel of all tabs. */
type Notice =
  | { readonly kind: 'leading' }
  | { readonly kind: 'beat'; readonly tab: string }
  | { readonly kind: 'bye'; readonly tab: string }
/** On the channel between the leader and one tab. `known` is false when the leader has nothing of the tab’s any more. */
type Word =
  | { readonly kind: 'beat'; readonly leader: string; readonly known: boolean }
  | { readonly kind: 'ask'; readonly leader: string; readonly ask: Ask }
  | { readonly kind: 'tell'; readonly leader: string; readonly tell: Tell }

export const beatMs = 1_000
/**
 * Beats without an answer before a leader counts as frozen. Beats are counted, not time: a tab that was frozen itself has not
 * waited for anybody.
 */
export const patienceBeats = 4
/** A tab that was silent for this long gets nothing more until it is heard again. */
const silentMs = 60_000

/** What may be asked a second time of another leader when no answer came. */
const repeatable: ReadonlySet<Method> = new Set<Method>([
  'instance',
  'resume',
  'signOut',
  'submit',
  'retry',
  'discard',
  'markRead',
  'setDraft',
  'setPicture',
  'setConversationPicture',
  'picture',
])

interface Call {
  readonly ask: Extract<Ask, { kind: 'call' }>
  wasSent: boolean
}

/**
 * One tab among several. The one that holds the lock leads: it has the client, and the others ask it. What a page has asked for is
 * kept here until it is answered, so that it can be asked of the next leader.
 */
export class Tab {
  private readonly parts: TabParts
  private readonly id: string
  private readonly everybody: Channel
  private readonly calls = new Map<number, Call>()
  private readonly watches = new Map<number, Extract<Ask, { kind: 'watch' }>>()
  private presence: 'online' | 'away' | null = null
  private leadership: Leadership | null = null
  private following: { readonly leader: string } | null = null
  private readonly toLeader: Channel
  private claim: Claim | null = null
  private unanswered = 0
  private cancelBeat = () => {}
  private isClosed = false

  constructor(parts: TabParts) {
    this.parts = parts
    this.id = parts.random.uuid()
    this.everybody = parts.openChannel(parts.name, (notice: Notice) => this.noticed(notice))
    this.toLeader = parts.openChannel(`${parts.name}/${this.id}`, (word: Word) => this.heard(word))
    this.queue(false)
    this.beat()
  }

  get isLeading(): boolean {
    return this.leadership !== null
  }

  /** Something the page wants. */
  asked(ask: Ask) {
    switch (ask.kind) {
      case 'call': {
        const call = { ask, wasSent: false }
        this.calls.set(ask.id, call)
        return this.pass(call)
      }
      case 'watch':
        this.watches.set(ask.id, ask)
        return this.forward(ask)
      case 'unwatch':
        this.watches.delete(ask.id)
        return this.forward(ask)
      case 'presence':
        this.presence = ask.state
        return this.forward(ask)
      case 'wake':
        this.parts.wake()
        return this.forward(ask)
      case 'typing':
        return this.forward(ask)
    }
  }

  async close() {
    this.isClosed = true
    this.cancelBeat()
    this.everybody.post({ kind: 'bye', tab: this.id } satisfies Notice)
    await this.leadership?.end()
    this.leadership = null
    this.claim?.release()
    this.toLeader.close()
    this.everybody.close()
  }

  private queue(steal: boolean) {
    this.claim?.release()
    const claim = this.parts.locks.claim(this.parts.name, { steal })
    this.claim = claim
    void claim.granted.then(() => {
      if (this.claim === claim && !this.isClosed) this.lead()
    })
    void claim.stolen.then(() => {
      if (this.claim === claim) this.lost()
    })
  }

  private lead() {
    this.following = null
    this.unanswered = 0
    this.cancelBeat()
    const leadership: Leadership = new Leadership(this.parts, this.id, () => {
      if (this.leadership === leadership) this.lost()
    })
    this.leadership = leadership
    this.everybody.post({ kind: 'leading' } satisfies Notice)
    this.passAll()
  }

  /** Another tab leads: this one asks it from now on, and waits for its turn again. */
  private lost() {
    void this.leadership?.end()
    this.leadership = null
    if (this.isClosed) return
    this.queue(false)
    this.beat()
  }

  private beat() {
    this.cancelBeat()
    if (this.leadership || this.isClosed) return
    if (this.unanswered++ >= patienceBeats) {
      this.unanswered = 0
      this.following = null
      this.queue(true)
    }
    this.everybody.post({ kind: 'beat', tab: this.id } satisfies Notice)
    // Not all at the same moment, so that of several tabs one steals and the others hear of it in time.
    this.cancelBeat = this.parts.clock.after(beatMs * (0.75 + this.parts.random.fraction() / 2), () => this.beat())
  }

  private noticed(notice: Notice) {
    if (this.leadership) return this.leadership.noticed(notice)
    if (notice.kind === 'leading') {
      this.unanswered = 0
      this.beat()
    }
  }

  private heard(word: Word) {
    if (this.leadership) return
    if (word.kind === 'beat') {
      this.unanswered = 0
      if (word.known && this.following?.leader === word.leader) return
      this.following = { leader: word.leader }
      this.passAll()
    } else if (word.kind === 'tell' && word.leader === this.following?.leader) {
      this.told(word.tell)
    }
  }

  private told(tell: Tell) {
    if (tell.kind === 'value' ? !this.watches.has(tell.id) : !this.calls.delete(tell.id)) return
    this.parts.tell(tell)
  }

  /** A new leader knows nothing of what this page wants. */
  private passAll() {
    for (const watch of this.watches.values()) this.forward(watch)
    if (this.presence) this.forward({ kind: 'presence', state: this.presence })
    for (const call of [...this.calls.values()]) this.pass(call)
  }

  private pass(call: Call) {
    if (!this.leadership && !this.following) return
    if (call.wasSent && !repeatable.has(call.ask.method)) {
      // Nobody can tell whether it was done.
      return this.told({ kind: 'failed', id: call.ask.id, error: { code: 'unavailable' } })
    }
    call.wasSent = true
    this.forward(call.ask)
  }

  private forward(ask: Ask) {
    const { leadership, following } = this
    if (leadership) leadership.serve(this.id, ask, (tell) => this.leadership === leadership && this.told(tell))
    else if (following) this.toLeader.post({ kind: 'ask', leader: following.leader, ask } satisfies Word)
  }
}

interface Follower {
  readonly channel: Channel
  heardAt: number
}

/** What the leading tab does for all tabs, itself included. */
class Leadership {
  private readonly parts: TabParts
  private readonly id: string
  private readonly client: LeadingClient
  /** When the store has been looked at: before that a client knows nothing, and a page would take it for "signed out". */
  private readonly ready: Promise<void>
  private readonly followers = new Map<string, Follower>()
  private readonly watches = new Map<string, () => void>()
  private readonly presences = new Map<string, 'online' | 'away'>()
  private cancelCheck = () => {}
  private isOver = false

  constructor(parts: TabParts, id: string, lost: () => void) {
    this.parts = parts
    // A tab that leads again is another leader than the one it was.
    this.id = `${id}/${parts.random.uuid()}`
    this.client = parts.createClient(lost)
    // Whoever had signed in goes on, whether a page asks for it or not.
    this.ready = this.client.resume().then(
      () => {},
      () => {},
    )
    this.check()
  }

  noticed(notice: Notice) {
    if (notice.kind === 'bye') return this.drop(notice.tab)
    if (notice.kind !== 'beat') return
    const known = this.followers.get(notice.tab)
    const follower = known ?? this.add(notice.tab)
    follower.heardAt = this.parts.clock.now()
    follower.channel.post({ kind: 'beat', leader: this.id, known: known !== undefined } satisfies Word)
  }

  /** Does what a tab asks; `tell` takes the answers to it. */
  serve(tab: string, ask: Ask, tell: (message: Tell) => void) {
    switch (ask.kind) {
      case 'call':
        return void this.call(ask, tell)
      case 'watch':
        return this.watch(tab, ask, tell)
      case 'unwatch':
        return this.unwatch(tab, ask.id)
      case 'typing':
        return this.client.setTyping(...(ask.args as Parameters<Client['setTyping']>))
      case 'presence':
        this.presences.set(tab, ask.state)
        return this.showPresence()
      case 'wake':
        return this.parts.wake()
    }
  }

  async end() {
    if (this.isOver) return
    this.isOver = true
    this.cancelCheck()
    for (const stop of this.watches.values()) stop()
    for (const { channel } of this.followers.values()) channel.close()
    this.followers.clear()
    await this.client.close().catch(() => {})
  }

  private async call({ id, method, args }: Extract<Ask, { kind: 'call' }>, tell: (message: Tell) => void) {
    try {
      const run = this.client[method] as (...args: readonly unknown[]) => Promise<unknown>
      const value = await run.apply(this.client, [...args])
      tell({ kind: 'done', id, value })
    } catch (error) {
      // Whoever took the store leads, and will be asked the same.
      if (!(error instanceof PenTaken) && !this.isOver) tell({ kind: 'failed', id, error: errorBody(error) })
    }
  }

  private add(tab: string): Follower {
    const channel = this.parts.openChannel(`${this.parts.name}/${tab}`, (word: Word) => {
      if (word.kind === 'ask' && word.leader === this.id && !this.isOver) {
        this.serve(tab, word.ask, (tell) => channel.post({ kind: 'tell', leader: this.id, tell } satisfies Word))
      }
    })
    const follower = { channel, heardAt: this.parts.clock.now() }
    this.followers.set(tab, follower)
    return follower
  }

  private watch(tab: string, { id, name, ask }: Extract<Ask, { kind: 'watch' }>, tell: (message: Tell) => void) {
    this.unwatch(tab, id)
    let stop = () => {}
    let isWanted = true
    this.watches.set(`${tab} ${id}`, () => {
      isWanted = false
      stop()
    })
    void this.ready.then(() => {
      if (isWanted) stop = this.client.watch(name, ask as never, (value) => tell({ kind: 'value', id, value }))
    })
  }

  private unwatch(tab: string, id: number) {
    const key = `${tab} ${id}`
    this.watches.get(key)?.()
    this.watches.delete(key)
  }

  private drop(tab: string) {
    const follower = this.followers.get(tab)
    if (!follower) return
    follower.channel.close()
    this.followers.delete(tab)
    for (const [key, stop] of this.watches) {
      if (!key.startsWith(`${tab} `)) continue
      stop()
      this.watches.delete(key)
    }
    this.presences.delete(tab)
    this.showPresence()
  }

  /** A person is there when they are there in any tab. */
  private showPresence() {
    const states = [...this.presences.values()]
    if (states.length > 0) this.client.setPresence(states.includes('online') ? 'online' : 'away')
  }

  private check() {
    const now = this.parts.clock.now()
    for (const [tab, { heardAt }] of this.followers) if (now - heardAt > silentMs) this.drop(tab)
    this.cancelCheck = this.parts.clock.after(silentMs / 2, () => this.check())
  }
}
