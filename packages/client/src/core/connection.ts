import type { Pong, PushFrame } from '@sotto/protocol'
import { AppError, closeCodes, pingMs } from '@sotto/protocol/pure'
import { backoffMs } from './backoff.ts'
import { abnormalClose, type Ending, type Link, type OpenLink, type Standing } from './link.ts'
import type { Clock, OnNetwork, OnWake, Random } from './ports.ts'
import { SessionEnded } from './session.ts'

export type Status =
  | { readonly phase: 'stopped' }
  | { readonly phase: 'connecting' }
  | { readonly phase: 'open' }
  /** `retryAt` is infinite where the server asked not to come back. */
  | { readonly phase: 'offline'; readonly retryAt: number }

export interface ConnectionEvents {
  changed(status: Status): void
  stands(standing: Standing): void
  pushed(frame: PushFrame): void
  ponged(pong: Pong): void
  signedOut(): void
}

export interface ConnectionParts {
  readonly clock: Clock
  readonly random: Random
  readonly onWake: OnWake
  readonly onNetwork: OnNetwork
  /** In the order of preference. */
  readonly carriers: readonly OpenLink[]
  readonly session: { token(): Promise<string>; renewInMs(): number; distrust(): void }
  /** Whether the server can be reached at all. */
  readonly answers: () => Promise<boolean>
}

const openMs = 15_000
/** A connection that lived this long starts the back-off anew. */
export const stableMs = 10_000
const pongMs = 10_000
export const probeMs = 5 * 60_000
/** A carrier that did not open this often in a row, while the server answers otherwise, makes place for the next. */
const patience = 2

/** Keeps one link to the server open for as long as it runs. */
export class Connection {
  status: Status = { phase: 'stopped' }
  /** As the device says. */
  hasNetwork = true
  private readonly parts: ConnectionParts
  private readonly events: ConnectionEvents
  private link: Link | null = null
  /** Tells the events of the present link from those of earlier ones. */
  private era = 0
  private carrier = 0
  private fellBackAt = 0
  private failures = 0
  private unopened = 0
  private openedAt = 0
  private timers: (() => void)[] = []
  private stopWake = () => {}
  private stopNetwork = () => {}
  private pinging = false

  constructor(parts: ConnectionParts, events: ConnectionEvents) {
    this.parts = parts
    this.events = events
  }

  /** Open, or being opened with no failure before: what is not known yet will be in a moment. */
  get isTrying(): boolean {
    if (this.status.phase === 'connecting') return this.hasNetwork && this.failures === 0
    return this.status.phase === 'open'
  }

  start() {
    if (this.status.phase !== 'stopped') return
    this.stopWake = this.parts.onWake(() => this.wake())
    this.stopNetwork = this.parts.onNetwork((isUp) => this.networkTold(isUp))
    this.failures = 0
    void this.connect()
  }

  stop() {
    if (this.status.phase === 'stopped') return
    this.stopWake()
    this.stopNetwork()
    this.dropLink()
    this.enter({ phase: 'stopped' })
  }

  /** Rejects with `unavailable` where there is no connection, or it ends before the answer. */
  async request(type: string, input: object): Promise<unknown> {
    if (this.status.phase !== 'open' || !this.link) throw new AppError('unavailable', 'network')
    try {
      return await this.link.request(type, input)
    } catch (error) {
      if (error instanceof AppError && tokenRefused(error)) void this.renew()
      throw error
    }
  }

  private wake() {
    if (this.isUnwanted()) return
    if (this.status.phase === 'offline') {
      this.failures = 0
      void this.connect()
    } else if (this.status.phase === 'open') {
      void this.ping()
    }
  }

  /** Without a network nothing open is worth waiting for. It is tried all the same: a server on the same machine needs none. */
  private networkTold(isUp: boolean) {
    const isNews = isUp !== this.hasNetwork
    this.hasNetwork = isUp
    if (!isNews || this.status.phase === 'stopped' || this.isUnwanted()) return
    this.failures = 0
    if (!isUp) this.later()
    // What is being tried may be waiting for an answer that was lost with the network.
    else if (this.status.phase === 'connecting') void this.connect()
    else this.wake()
  }

  private isUnwanted(): boolean {
    return this.status.phase === 'offline' && this.status.retryAt === Number.POSITIVE_INFINITY
  }

  private async connect() {
    this.dropLink()
    const era = this.era
    this.enter({ phase: 'connecting' })
    let token: string
    try {
      token = await this.parts.session.token()
    } catch (error) {
      if (era !== this.era) return
      if (error instanceof SessionEnded) this.events.signedOut()
      else this.later(error instanceof AppError ? (error.retryAfterMs ?? 0) : 0)
      return
    }
    if (era !== this.era) return
    if (this.carrier > 0 && this.parts.clock.now() - this.fellBackAt >= probeMs) {
      this.carrier = 0
      this.unopened = patience - 1
    }
    this.link = this.open(this.carrier, token, {
      opened: () => this.opened(),
      ended: (ending) => void this.ended(ending),
      isCurrent: () => era === this.era,
    })
  }

  private open(
    carrier: number,
    token: string,
    on: { opened(): void; ended(ending: Ending): void; isCurrent(): boolean },
  ): Link {
    const openLink = this.parts.carriers[carrier]
    if (!openLink) throw new Error('no such carrier')
    let isOpen = false
    let early: Standing[] = []
    const cancelTimer = this.parts.clock.after(openMs, () => {
      link.close()
      if (on.isCurrent()) on.ended({ code: abnormalClose, reason: '', refusal: null })
    })
    const link = openLink(token, {
      opened: () => {
        cancelTimer()
        if (!on.isCurrent()) return link.close()
        isOpen = true
        on.opened()
        for (const standing of early) this.events.stands(standing)
        early = []
      },
      // Whoever hears where things stand will ask at once, so they hear it when asking is possible.
      stands: (standing) => {
        if (!on.isCurrent()) return
        if (isOpen) this.events.stands(standing)
        else early.push(standing)
      },
      pushed: (frame) => {
        if (on.isCurrent()) this.events.pushed(frame)
      },
      ended: (ending) => {
        cancelTimer()
        if (on.isCurrent()) on.ended(ending)
      },
    })
    return link
  }

  private opened() {
    this.unopened = 0
    this.openedAt = this.parts.clock.now()
    this.enter({ phase: 'open' })
    this.pingLater()
    this.renewLater()
    if (this.carrier > 0) this.timers.push(this.parts.clock.after(probeMs, () => void this.probe()))
  }

  private async ended(ending: Ending) {
    const lived = this.status.phase === 'open' ? this.parts.clock.now() - this.openedAt : -1
    this.dropLink()
    if (lived >= stableMs) this.failures = 0
    if (ending.code === closeCodes.signed_out.code) return this.events.signedOut()
    if (ending.code === closeCodes.hostile.code)
      return this.enter({ phase: 'offline', retryAt: Number.POSITIVE_INFINITY })
    if (ending.code === closeCodes.token_expired.code || (ending.refusal && tokenRefused(ending.refusal))) {
      this.parts.session.distrust()
      if (this.failures++ === 0) return this.connect()
      return this.later()
    }
    if (ending.code === 1012) return this.waitFor(this.parts.random.fraction() * spreadOf(ending.reason))
    if (ending.code === 1013) this.failures = Math.max(this.failures, 3)
    const era = this.era
    if (lived < 0 && !ending.refusal) await this.maybeFallBack()
    if (era === this.era) this.later(ending.refusal?.retryAfterMs)
  }

  private async maybeFallBack() {
    if (++this.unopened < patience || this.carrier + 1 >= this.parts.carriers.length) return
    const era = this.era
    this.enter({ phase: 'connecting' })
    const reachable = await this.parts.answers()
    if (era !== this.era || !reachable) return
    this.carrier++
    this.fellBackAt = this.parts.clock.now()
    this.unopened = 0
    this.failures = 0
  }

  private later(atLeastMs = 0) {
    this.failures++
    this.waitFor(atLeastMs + backoffMs(this.failures, this.parts.random))
  }

  private waitFor(ms: number) {
    if (this.status.phase === 'stopped') return
    this.dropLink()
    this.enter({ phase: 'offline', retryAt: this.parts.clock.now() + ms })
    this.timers.push(this.parts.clock.after(ms, () => void this.connect()))
  }

  private pingLater() {
    this.timers.push(
      this.parts.clock.after(pingMs, () => {
        void this.ping()
        this.pingLater()
      }),
    )
  }

  /** Asks for a sign of life; a link that gives none is dead, whatever it says of itself. */
  private async ping() {
    const { link, era } = this
    if (!link || this.pinging) return
    this.pinging = true
    const cancelTimer = this.parts.clock.after(pongMs, () => {
      if (era !== this.era) return
      this.dropLink()
      void this.connect()
    })
    try {
      const pong = (await link.request('ping', {})) as Pong
      if (era === this.era) this.events.ponged(pong)
    } catch {
      // A link that is gone says so itself; a refusal is a sign of life too.
    } finally {
      cancelTimer()
      this.pinging = false
    }
  }

  private renewLater() {
    const inMs = Math.max(this.parts.session.renewInMs(), 1_000)
    this.timers.push(this.parts.clock.after(inMs, () => void this.renew()))
  }

  private async renew() {
    const { link, era } = this
    if (!link) return
    try {
      if (this.parts.session.renewInMs() > 0) this.parts.session.distrust()
      const token = await this.parts.session.token()
      if (era !== this.era) return
      await link.renew(token)
      if (era === this.era) this.renewLater()
    } catch (error) {
      if (era !== this.era) return
      if (error instanceof SessionEnded) this.events.signedOut()
      else this.timers.push(this.parts.clock.after(10_000, () => void this.renew()))
    }
  }

  /** Sees whether the best carrier works by now, while the present one goes on. */
  private async probe() {
    const { era } = this
    const token = await this.parts.session.token().catch(() => null)
    if (!token || era !== this.era) return
    const probing = { over: false }
    const link = this.open(0, token, {
      isCurrent: () => !probing.over && (era === this.era || this.link === link),
      opened: () => {
        this.dropLink()
        this.carrier = 0
        this.link = link
        this.opened()
      },
      ended: (ending) => {
        probing.over = true
        if (this.link === link) return void this.ended(ending)
        this.timers.push(this.parts.clock.after(probeMs, () => void this.probe()))
      },
    })
  }

  private dropLink() {
    this.era++
    for (const cancel of this.timers) cancel()
    this.timers = []
    this.link?.close()
    this.link = null
    this.pinging = false
  }

  private enter(status: Status) {
    this.status = status
    this.events.changed(status)
  }
}

function tokenRefused(error: AppError): boolean {
  return error.code === 'unauthenticated' || error.code === 'token_expired'
}

/** A server that restarts says over which time its clients should come back. */
function spreadOf(reason: string): number {
  try {
    const { spreadMs } = JSON.parse(reason) as { readonly spreadMs?: unknown }
    return typeof spreadMs === 'number' && spreadMs >= 0 ? Math.min(spreadMs, 5 * 60_000) : 5_000
  } catch {
    return 5_000
  }
}
