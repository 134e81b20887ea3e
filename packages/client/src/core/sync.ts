import type {
  BoardRow,
  ConversationCard,
  ConversationId,
  Entry,
  Head,
  PersonId,
  Pong,
  PushFrame,
  Span,
} from '@sotto/protocol'
import { AppError, addSpan, holes } from '@sotto/protocol/pure'
import { conversationOf, putConversation, takeAlterations, takeBoard, takeEntries, takeHead } from './arrivals.ts'
import { missing, withCard, withHeadAt, withRead, withReceipt } from './conversation.ts'
import type { Batch, Changes } from './journal.ts'
import type { Standing } from './link.ts'
import type { Clock } from './ports.ts'
import { maxPullEntries, type PullSpan, planPull, sizeOf } from './pull-plan.ts'
import { only } from './records.ts'
import { mayRetry } from './rest.ts'
import { isSame } from './same.ts'

interface Served {
  readonly conversation: ConversationId
  readonly from: number
  readonly to: number
  readonly entries: readonly Entry[]
}

export interface SyncParts {
  readonly journal: Changes
  readonly clock: Clock
  readonly request: (type: string, input: object) => Promise<unknown>
  readonly isOpen: () => boolean
  readonly me: () => PersonId
  /** Something about `isCaughtUp` or `missingCount` may have changed. */
  readonly progressed: () => void
}

/** Two requests on their way hide the time of one behind the other. */
const pullsAtOnce = 2
const asksAtOnce = 8
/** Answers to pings tell only of new entries; a lost receipt or row of the board shows when everything is looked at again. */
const lookEvery = 8
/** Pause of a conversation whose entries could not be had or stored. */
const restMs = 3_000

/**
 * Brings the device to where the server is: whatever the heads say is there and is wanted here gets fetched, in any order and with
 * any repetition of what comes by itself.
 */
export class Sync {
  private readonly parts: SyncParts
  /** Conversations that may lack something. */
  private readonly lacking = new Set<ConversationId>()
  /** Parts that somebody looks at. */
  private readonly looks = new Map<unknown, { readonly conversation: ConversationId; readonly span: Span }>()
  private readonly underway = new Map<ConversationId, readonly Span[]>()
  private readonly unknown = new Set<ConversationId>()
  /** Looked at although nothing is known of them, and asked for on this connection. */
  private readonly sought = new Set<ConversationId>()
  /** None of mine, as the server said when it was asked last. */
  private readonly absent = new Set<ConversationId>()
  private readonly resting = new Map<ConversationId, () => void>()
  private pulls = 0
  private asks = 0
  private pongs = 0
  private cancelLook = () => {}
  private board: 'current' | 'behind' | 'asking' = 'current'
  /** Answers of an earlier connection do not count for the present one. */
  private era = 0
  private standing = false

  constructor(parts: SyncParts) {
    this.parts = parts
  }

  connected() {
    this.stop()
    this.standing = false
    this.underway.clear()
    this.unknown.clear()
    this.sought.clear()
    this.pulls = 0
    this.asks = 0
    this.board = 'current'
  }

  stop() {
    this.era++
    for (const cancel of this.resting.values()) cancel()
    this.resting.clear()
    this.cancelLook()
  }

  /** Everything that may have been missed shows in the heads and in the board’s revision. */
  async stands({ heads, board }: Standing) {
    const era = this.era
    await this.change((batch) => {
      for (const head of heads) takeHead(batch, head)
    })
    if (era !== this.era) return
    for (const { conversation } of heads) this.lacking.add(conversation)
    for (const record of this.parts.journal.state.all('conversation')) if (!record.card) this.unknown.add(record.id)
    if (board === null || board > this.revision()) this.wantBoard()
    this.standing = true
    this.pump()
  }

  ponged(pong: Pong & { readonly board?: number }) {
    if ((pong.board ?? 0) > this.revision() && this.board === 'current') {
      this.wantBoard()
      this.pump()
    }
    for (const { conversation, head } of pong.heads) void this.headAt(conversation, head)
    if (++this.pongs % lookEvery === 0) void this.lookAgain()
  }

  /** A pushed frame. Typing, presence and people are not part of this. */
  async pushed(frame: PushFrame) {
    const me = this.parts.me()
    switch (frame.type) {
      case 'entry': {
        const { entry } = frame
        const span = { from: entry.place, to: entry.place }
        await this.change((batch) => takeEntries(batch, entry.conversation, span, [entry], me))
        return this.check(entry.conversation)
      }
      case 'receipt':
        // Mine says nothing about how far my messages are; my read place comes by itself.
        if (frame.receipt.person === me) return
        return this.change((batch) => {
          putConversation(batch, withReceipt(conversationOf(batch, frame.conversation), frame.receipt))
        })
      case 'read':
        await this.change((batch) =>
          putConversation(batch, withRead(conversationOf(batch, frame.conversation), frame.place)),
        )
        return this.check(frame.conversation)
      case 'board':
        return this.boardPushed(frame.previous, frame.revision, frame.rows)
      case 'behind':
        return this.lookAgain()
    }
  }

  /** Says which part of a conversation is being looked at; null ends it. */
  look(by: unknown, conversation: ConversationId | null, span: Span | null) {
    const before = this.looks.get(by)
    if (before ? isSame(before, { conversation, span }) : !span) return
    if (conversation && span) this.looks.set(by, { conversation, span })
    else this.looks.delete(by)
    this.pump()
  }

  /** Somebody looks at a conversation of which nothing is known: the server says whether it is one of mine. */
  find(conversation: ConversationId) {
    if (this.sought.has(conversation)) return
    this.sought.add(conversation)
    this.unknown.add(conversation)
    this.pump()
  }

  isAbsent(conversation: ConversationId): boolean {
    return this.absent.has(conversation)
  }

  /** Somebody else may be signed in from now on. */
  forget() {
    this.standing = false
    this.sought.clear()
    this.absent.clear()
  }

  /** A conversation changed in some other way, for example by a message of mine. */
  check(conversation: ConversationId) {
    const record = this.parts.journal.state.get('conversation', conversation)
    if (!record) return
    if (!record.card || record.floor === 0) this.unknown.add(conversation)
    this.lacking.add(conversation)
    this.pump()
  }

  /** True when the device holds everything it wants of what it knows to exist. */
  isCaughtUp(): boolean {
    return this.hasBoard() && this.asks === 0 && this.missingCount() === 0
  }

  hasBoard(): boolean {
    return this.standing && this.board === 'current'
  }

  missingCount(): number {
    let count = 0
    for (const id of this.lacking) {
      const record = this.parts.journal.state.get('conversation', id)
      if (record) count += sizeOf(missing(record, this.parts.me()))
    }
    return count
  }

  private async headAt(conversation: ConversationId, head: number) {
    await this.change((batch) => putConversation(batch, withHeadAt(conversationOf(batch, conversation), head)))
    this.check(conversation)
  }

  private async boardPushed(previous: number, revision: number, rows: readonly BoardRow[]) {
    // Whether it fits is decided inside the work: frames before this one may still be on their way into the store.
    const fits = await this.change((batch) => {
      if (previous > (batch.get('board', only)?.revision ?? 0)) return false
      takeBoard(batch, rows, revision)
      return true
    })
    if (fits === false) this.wantBoard()
    this.pump()
  }

  private async lookAgain() {
    this.wantBoard()
    this.pump()
    const era = this.era
    try {
      const { heads } = (await this.parts.request('conversations.heads', {})) as { readonly heads: readonly Head[] }
      if (era === this.era) await this.stands({ heads, board: this.revision() })
    } catch {
      if (era === this.era) this.lookLater()
    }
  }

  private lookLater() {
    this.cancelLook()
    this.cancelLook = this.parts.clock.after(restMs, () => {
      if (this.parts.isOpen()) void this.lookAgain()
    })
  }

  private wantBoard() {
    this.board = 'behind'
  }

  private revision(): number {
    return this.parts.journal.state.get('board', only)?.revision ?? 0
  }

  /** Starts whatever requests are due. */
  private pump() {
    if (!this.standing || !this.parts.isOpen()) return
    if (this.board === 'behind') void this.pullBoard()
    // The board tells of many conversations at once; only what it leaves open is worth a request each.
    else if (this.board === 'current') this.askForUnknown()
    while (this.pulls < pullsAtOnce) {
      const spans = planPull(this.lacks())
      if (spans.length === 0) break
      void this.pull(spans)
    }
    this.parts.progressed()
  }

  private askForUnknown() {
    for (const id of this.unknown) {
      if (this.asks >= asksAtOnce) return
      if (this.resting.has(id)) continue
      this.unknown.delete(id)
      const record = this.parts.journal.state.get('conversation', id)
      if (record ? !record.card || (record.floor === 0 && record.head > 0) : this.sought.has(id)) void this.ask(id)
    }
  }

  /** What is looked at first, then the conversations in which something happened last. */
  private lacks() {
    const { state } = this.parts.journal
    const wanted = new Map<ConversationId, readonly Span[]>()
    for (const { conversation, span } of this.looks.values()) {
      const record = state.get('conversation', conversation)
      if (!record) continue
      const lacked = holes(record.held, Math.max(span.from, record.floor, 1), Math.min(span.to, record.head))
      if (lacked.length > 0) wanted.set(conversation, lacked.reduce(addSpan, wanted.get(conversation) ?? []))
    }
    const looked = wanted.size
    for (const id of this.lacking) {
      const record = state.get('conversation', id)
      const lacked = record ? missing(record, this.parts.me()) : []
      if (lacked.length === 0) this.lacking.delete(id)
      else wanted.set(id, lacked.reduce(addSpan, wanted.get(id) ?? []))
    }
    const lacks: { conversation: ConversationId; holes: readonly Span[]; at: string }[] = []
    for (const [conversation, spans] of wanted) {
      if (this.resting.has(conversation)) continue
      const busy = this.underway.get(conversation) ?? []
      const left = busy.length === 0 ? spans : spans.flatMap((span) => holes(busy, span.from, span.to))
      if (left.length > 0)
        lacks.push({ conversation, holes: left, at: state.get('conversation', conversation)?.last?.at ?? '' })
    }
    const isLookedAt = new Set([...wanted.keys()].slice(0, looked))
    return lacks.sort(
      (a, b) =>
        Number(isLookedAt.has(b.conversation)) - Number(isLookedAt.has(a.conversation)) || (a.at < b.at ? 1 : -1),
    )
  }

  private async pull(asked: readonly PullSpan[]) {
    const { era } = this
    this.pulls++
    for (const span of asked)
      this.underway.set(span.conversation, addSpan(this.underway.get(span.conversation) ?? [], span))
    try {
      const reply = (await this.parts.request('messages.pull', { spans: asked, limit: maxPullEntries })) as {
        readonly spans: readonly Served[]
        readonly about: readonly Entry[]
      }
      if (era !== this.era) return
      const me = this.parts.me()
      await this.parts.journal.change((batch) => {
        takeAlterations(batch, reply.about)
        for (const { conversation, from, to, entries } of reply.spans)
          takeEntries(batch, conversation, { from, to }, entries, me)
      })
      if (era !== this.era) return
      const served = new Set(reply.spans.filter((span) => span.to >= span.from).map((span) => span.conversation))
      for (const { conversation } of asked) if (!served.has(conversation)) this.rest(conversation)
    } catch {
      if (era === this.era) for (const { conversation } of asked) this.rest(conversation)
    } finally {
      if (era === this.era) {
        this.pulls--
        for (const { conversation, from, to } of asked) {
          const left = (this.underway.get(conversation) ?? []).flatMap((span) => without(span, { from, to }))
          if (left.length > 0) this.underway.set(conversation, left)
          else this.underway.delete(conversation)
        }
        this.pump()
      }
    }
  }

  private async pullBoard() {
    const { era } = this
    this.board = 'asking'
    try {
      const reply = (await this.parts.request('board.pull', { after: this.revision(), limit: 500 })) as {
        readonly rows: readonly BoardRow[]
        readonly revision: number
        readonly more: boolean
      }
      const last = reply.rows.at(-1)?.revision ?? 0
      await this.parts.journal.change((batch) =>
        takeBoard(batch, reply.rows, reply.more ? last : Math.max(reply.revision, last)),
      )
      if (era !== this.era) return
      // A push may have asked for another look meanwhile; its answer would have been too old.
      if (reply.more) this.board = 'behind'
      else if (this.board === 'asking') this.board = 'current'
      this.pump()
    } catch {
      if (era !== this.era) return
      this.board = 'asking'
      this.lookLater()
    }
  }

  /** Learns of a conversation that showed up before the board told of it, or that somebody looks for. */
  private async ask(conversation: ConversationId) {
    const { era } = this
    this.asks++
    try {
      const { card, head } = (await this.parts.request('conversations.get', { conversation })) as {
        readonly card: ConversationCard
        readonly head: Head
      }
      await this.parts.journal.change((batch) => {
        const record = conversationOf(batch, conversation)
        putConversation(batch, record.card ? record : withCard(record, card))
        takeHead(batch, head)
      })
      if (era !== this.era) return
      this.lacking.add(conversation)
      this.sought.delete(conversation)
    } catch (error) {
      if (era !== this.era || !this.sought.has(conversation)) return
      // Others are asked for again with their next sign, or with the next connection.
      if (error instanceof AppError && !mayRetry(error)) this.absent.add(conversation)
      else {
        this.unknown.add(conversation)
        this.rest(conversation)
      }
    } finally {
      if (era === this.era) {
        this.asks--
        this.pump()
      }
    }
  }

  private rest(conversation: ConversationId) {
    if (this.resting.has(conversation)) return
    const cancel = this.parts.clock.after(restMs, () => {
      this.resting.delete(conversation)
      this.pump()
    })
    this.resting.set(conversation, cancel)
  }

  /** What the store does not take now shows as a hole later: the cursors did not move. */
  private async change<Result>(work: (batch: Batch) => Result): Promise<Result | undefined> {
    const { era } = this
    try {
      return await this.parts.journal.change(work)
    } catch {
      if (era === this.era) this.lookLater()
      return undefined
    }
  }
}

function without(span: Span, taken: Span): Span[] {
  const parts: Span[] = []
  if (span.from < taken.from) parts.push({ from: span.from, to: Math.min(span.to, taken.from - 1) })
  if (span.to > taken.to) parts.push({ from: Math.max(span.from, taken.to + 1), to: span.to })
  return parts
}
