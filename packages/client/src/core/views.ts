import type {
  ConversationCard,
  ConversationId,
  ModerationNotice,
  Permission,
  Person,
  PersonId,
  Receipt,
  SeatRequest,
  Settings,
} from '@sotto/protocol'
import { builtInRoles, defaultDetails, defaultSettings, heldThrough, memberMay, unreadCap } from '@sotto/protocol/pure'
import type { ConversationItem, ConversationWindow, Me, Pin, Row, Target, Watches, Window } from '#client/api.ts'
import { otherPerson, pairOf, readPlace, unreadOf } from './conversation.ts'
import type { Drafts } from './drafts.ts'
import type { State } from './journal.ts'
import type { LogCache } from './log-cache.ts'
import type { Outbox } from './outbox.ts'
import type { People } from './people.ts'
import type { PinRequests } from './pin-requests.ts'
import { lacks, shownPins } from './pins.ts'
import { type ConversationRecord, only, type Sending } from './records.ts'
import type { Signals } from './signals.ts'
import { type Frame, frameOf, messageState, rowOf, runAround, waitingRow } from './window.ts'

export interface ViewParts {
  readonly state: State
  readonly cache: LogCache
  readonly outbox: Outbox
  readonly people: People
  readonly drafts: Drafts
  readonly signals: Signals
  readonly pins: PinRequests
  readonly isOpen: () => boolean
  /** What is not known yet will be in a moment. */
  readonly isTrying: () => boolean
  /** Whether all my conversations are known. */
  readonly hasBoard: () => boolean
  /** The server has said that this is none of mine. */
  readonly isAbsent: (conversation: ConversationId) => boolean
}

interface Remembered {
  readonly inputs: readonly unknown[]
  readonly item: ConversationItem
}

const noReceipts: readonly Receipt[] = []
const nobody: readonly PersonId[] = []
const noPair: readonly Person[] = []
const noUnread = { count: 0, exact: true } as const

/** What watchers see, computed from memory. */
export class Views {
  private readonly parts: ViewParts
  private readonly items = new Map<ConversationId, Remembered>()

  constructor(parts: ViewParts) {
    this.parts = parts
  }

  me(): Me | null {
    const account = this.parts.state.get('account', only)
    if (!account) return null
    const { person, session } = account
    const builtIn: readonly Permission[] | undefined = builtInRoles[person.role as keyof typeof builtInRoles]
    return { person, session, settings: this.settings(), permissions: account.permissions ?? builtIn ?? [] }
  }

  conversations({ archived }: { readonly archived: boolean }): readonly ConversationItem[] {
    const me = this.myId()
    if (!me) return []
    const items: ConversationItem[] = []
    for (const record of this.parts.state.all('conversation')) {
      if (record.card && record.card.archived === archived) items.push(this.item(record, record.card, me))
    }
    return items.sort((a, b) =>
      a.at === b.at ? (a.card.conversation < b.card.conversation ? 1 : -1) : a.at < b.at ? 1 : -1,
    )
  }

  people({ people, presence }: Watches['people']['ask']): Watches['people']['get'] {
    const found = new Map<
      PersonId,
      { readonly person: Person; readonly presence: 'online' | 'away' | 'offline' | null }
    >()
    for (const id of people) {
      const person = this.parts.people.need(id)
      if (person) found.set(id, { person, presence: presence ? this.parts.signals.presenceOf(id) : null })
    }
    return found
  }

  requests(): readonly SeatRequest[] {
    return [...this.parts.state.all('request')].sort((a, b) => (a.at < b.at ? 1 : -1))
  }

  notices(): readonly ModerationNotice[] {
    return [...this.parts.state.all('notice')].sort((a, b) => (a.at < b.at ? 1 : -1))
  }

  /** Whom I have blocked, or muted. */
  shunned(table: 'block' | 'mute'): readonly PersonId[] {
    return [...this.parts.state.all(table)].map(({ person }) => person).sort()
  }

  /** What is not known of them, or no longer, is asked for. */
  pins(conversation: ConversationId): readonly Pin[] {
    const record = this.parts.state.get('conversation', conversation)
    if (!record?.card) return []
    const known = this.parts.state.get('pins', conversation)
    if (!known || lacks(known, record.since)) this.parts.pins.need(conversation)
    return known ? shownPins(known, (message) => this.parts.state.get('alteration', message)) : []
  }

  outbox(): Watches['outbox']['get'] {
    let failed = 0
    let waiting = 0
    if (this.myId()) for (const item of this.parts.state.all('outbox')) item.refused ? failed++ : waiting++
    return { waiting, failed }
  }

  conversationOf(target: Target): ConversationId | null {
    const lane = this.parts.outbox.laneOf(target) as ConversationId
    return 'conversation' in target || this.parts.state.get('conversation', lane) ? lane : null
  }

  /** A window with what it lacks; reading what the store has is under way when this returns. */
  conversation(target: Target, window: Window): { readonly value: ConversationWindow; readonly frame: Frame | null } {
    const me = this.myId()
    const id = this.conversationOf(target)
    const record = id ? (this.parts.state.get('conversation', id) ?? null) : null
    const person = 'person' in target ? target.person : record && otherPerson(record)
    const frame = record && me ? frameOf(record, window) : null
    const shareRead = this.settings().shareRead
    const log =
      record && frame && me ? this.log(record, frame, me, shareRead) : { rows: [], run: null, isReading: false }
    const atEnd = !record || record.head < Math.max(record.floor, 1) || (log.run !== null && log.run.to >= record.head)
    const found = record?.card ? true : this.isAbsent(target, id) ? false : null
    const isFetching = frame !== null && frame.lacks !== null && this.parts.isOpen()
    return {
      frame,
      value: {
        found,
        card: record?.card ?? null,
        ...about(record),
        other: person ? this.parts.people.need(person) : null,
        pair: record ? this.pair(record) : noPair,
        rows: me && (atEnd || window.anchor === 'end') ? this.withWaiting(log.rows, target, me) : log.rows,
        atStart:
          !record ||
          (record.floor > 0 && (record.head < record.floor || (log.run !== null && log.run.from <= record.floor))),
        atEnd,
        loading: log.isReading || isFetching || (found === null && this.parts.isTrying()),
        head: record?.head ?? 0,
        read: record ? readPlace(record) : 0,
        firstUnread: record && me ? firstUnread(record, me) : null,
        unread: record && me ? unreadOf(record, me) : noUnread,
        receipts: record ? shownReceipts(record, shareRead) : noReceipts,
        typing: id ? this.parts.signals.typingIn(id) : nobody,
        draft: this.parts.drafts.textFor(target),
      },
    }
  }

  forgetItems() {
    this.items.clear()
  }

  /** The board tells of all my threads. Of a conversation that is named only the server can say that it is not mine. */
  private isAbsent(target: Target, conversation: ConversationId | null): boolean {
    if ('person' in target) return conversation === null && this.parts.hasBoard()
    return this.parts.isAbsent(target.conversation)
  }

  private log(record: ConversationRecord, frame: Frame, me: PersonId, shareRead: boolean) {
    const { cache } = this.parts
    const rows: Row[] = []
    const show = (place: number, mineOnly: boolean) => {
      const entry = cache.at(record.id, place)
      if (!entry || (mineOnly && entry.sender !== me)) return
      const row = rowOf(entry, this.parts.state.get('alteration', entry.id), me, record, shareRead)
      if (row) rows.push(row)
    }
    if (!frame.shown) return { rows, run: null, isReading: false }
    const run = runAround(frame.shown, frame.anchor, (place) => cache.at(record.id, place) !== undefined)
    let isReading = !run || run.from > frame.shown.from || run.to < frame.shown.to
    if (isReading) cache.read(record.id, frame.shown.from, frame.shown.to)
    if (run) for (let place = run.from; place <= run.to; place++) show(place, false)
    for (const part of frame.beyond) {
      if (cache.at(record.id, part.from) === undefined || cache.at(record.id, part.to) === undefined) {
        cache.read(record.id, part.from, part.to)
        isReading = true
      }
      for (let place = part.from; place <= part.to; place++) show(place, true)
    }
    return { rows, run, isReading }
  }

  private withWaiting(rows: readonly Row[], target: Target, me: PersonId): readonly Row[] {
    const { outbox, state } = this.parts
    const waiting = outbox.waitingFor(outbox.laneOf(target))
    if (waiting.length === 0) return rows
    const shown = new Set(rows.map((row) => row.key))
    const all = [...rows]
    for (const id of waiting) {
      const item = state.get('outbox', id)
      if (item && !shown.has(id)) all.push(waitingRow(item, me))
    }
    return all
  }

  private item(record: ConversationRecord, card: ConversationItem['card'], me: PersonId): ConversationItem {
    const { outbox, state, signals, drafts, people } = this.parts
    const otherId = otherPerson(record)
    const other = otherId ? people.need(otherId) : null
    const queue = outbox.waitingFor(record.id).flatMap((id) => state.get('outbox', id) ?? [])
    const waiting = queue.at(-1)
    const failed = queue.some((sending) => sending.refused)
    const draft = drafts.textFor({ conversation: record.id })
    const typing = signals.typingIn(record.id)
    const { shareRead } = this.settings()
    const isOfTwo = card.kind === 'thread' && card.role !== 'reader'
    const sender = !isOfTwo && !waiting && record.last?.sender !== me ? record.last?.sender : undefined
    const by = sender ? people.need(sender) : null
    const pair = this.pair(record)
    const inputs = [record, other, ...pair, by, waiting, failed, draft, typing, shareRead]
    const known = this.items.get(record.id)
    if (known?.inputs.length === inputs.length && known.inputs.every((input, index) => Object.is(input, inputs[index])))
      return known.item
    const last = lastShown(record, waiting, by, me, shareRead)
    const item = {
      card,
      ...about(record),
      other,
      pair,
      last,
      at: shownAt(record, card, last),
      unread: unreadOf(record, me),
      draft,
      typing,
      failed,
    }
    this.items.set(record.id, { inputs, item })
    return item
  }

  private pair(record: ConversationRecord): readonly Person[] {
    const pair = pairOf(record).flatMap((id) => this.parts.people.need(id) ?? [])
    return pair.length === 2 ? pair.sort((a, b) => (a.name < b.name ? -1 : 1)) : noPair
  }

  private settings(): Settings {
    return this.parts.state.get('settings', only) ?? defaultSettings
  }

  private myId(): PersonId | null {
    return this.parts.state.get('account', only)?.person.id ?? null
  }
}

function lastShown(
  record: ConversationRecord,
  waiting: Sending | undefined,
  by: Person | null,
  me: PersonId,
  shareRead: boolean,
): ConversationItem['last'] {
  if (waiting)
    return {
      text: waiting.text,
      sender: me,
      by,
      at: waiting.at,
      deleted: null,
      state: waiting.refused ? 'failed' : 'waiting',
    }
  if (!record.last) return null
  const { text, sender, at, place, deleted } = record.last
  return { text, sender, by, at, deleted, state: sender === me ? messageState(place, record, shareRead) : null }
}

/** Where the log is not held far enough, or there are more than are counted: the place after the last read one. */
function firstUnread(record: ConversationRecord, me: PersonId): number | null {
  const from = Math.max(readPlace(record) + 1, record.floor, 1)
  const oldest = record.unread[0]?.place
  if (oldest !== undefined && record.unread.length <= unreadCap && heldThrough(record.held, from) >= oldest)
    return oldest
  return oldest === undefined && unreadOf(record, me).exact ? null : from
}

function shownReceipts(record: ConversationRecord, shareRead: boolean): readonly Receipt[] {
  return record.receipts.map(({ person, delivered, read }) => ({ person, delivered, read: shareRead ? read : 0 }))
}

function about(
  record: ConversationRecord | null,
): Pick<ConversationItem, 'details' | 'members' | 'mayPost' | 'mayPin' | 'silencedUntil'> {
  const card = record?.card ?? null
  const details = record?.details ?? (card && defaultDetails[card.kind])
  return {
    details,
    members: record?.members ?? 0,
    mayPost: !card || !details || memberMay(card.role, 'post', details),
    mayPin: card !== null && details !== null && memberMay(card.role, 'pin', details),
    silencedUntil: record?.silenced?.until ?? null,
  }
}

/** What somebody has just come into stands where the new is, whenever it was last written in. */
function shownAt(record: ConversationRecord, card: ConversationCard, last: ConversationItem['last']): string {
  const at = last?.at ?? card.createdAt
  return record.cameAt && record.cameAt > at ? record.cameAt : at
}
