import type { Entry, PersonId, Span } from '@sotto/protocol'
import { holes } from '@sotto/protocol/pure'
import type { MessageState, Row, Window } from '#client/api.ts'
import type { Alteration, ConversationRecord, Sending } from './records.ts'

/** A part of the log that is shorter than this does not take the place of what is on the screen below it. */
const shortPart = 40
/** How much more than the window asks for is fetched, so that the next step of scrolling finds it. */
const fetchAhead = 50

/** Which places a window shows, and what it lacks. */
export interface Frame {
  /** Null where nothing of it is held. */
  readonly shown: Span | null
  /** The place from which to look both ways for what is in memory. */
  readonly anchor: number
  /** Parts beyond the hole at the end; of them only messages of mine are shown, which were on the screen before. */
  readonly beyond: readonly Span[]
  /** The range to fetch, where a part of it is not held. */
  readonly lacks: Span | null
}

export function frameOf(record: ConversationRecord, window: Window): Frame {
  const first = Math.max(record.floor, 1)
  const atEnd = window.anchor === 'end' || window.anchor >= record.head
  const part = atEnd
    ? lastPart(record)
    : record.held.find((span) => span.from <= Number(window.anchor) && span.to >= Number(window.anchor))
  const anchor = atEnd ? (part?.to ?? record.head) : Number(window.anchor)
  const from = Math.max(first, anchor - Math.max(window.before, 1) + 1)
  const to = atEnd ? Math.max(anchor, record.head) : Math.min(record.head, anchor + window.after)
  const lacked = holes(record.held, from, to)
  return {
    shown: part ? { from: Math.max(part.from, from), to: Math.min(part.to, to) } : null,
    anchor,
    beyond: atEnd && part ? record.held.filter((span) => span.from > part.to) : [],
    lacks:
      lacked.length > 0
        ? { from: Math.max(first, from - fetchAhead), to: Math.min(record.head, to + fetchAhead) }
        : null,
  }
}

/**
 * The part that the end of a conversation shows. An entry that came before the ones below it waits for them: they are being fetched,
 * and the screen would jump to a single row and back. After a long absence the newest part takes over once it fills a screen.
 */
function lastPart({ held, since }: ConversationRecord): Span | undefined {
  let index = held.length - 1
  for (; index > 0; index--) {
    const part = held[index] as Span
    const below = held[index - 1] as Span
    const isShort = part.to - part.from + 1 < shortPart
    if (!isShort || below.to + 1 < since) break
  }
  return held[index]
}

/** The longest run of places around the anchor for which `has` is true, within `shown`. */
export function runAround(shown: Span, anchor: number, has: (place: number) => boolean): Span | null {
  const start = Math.min(Math.max(anchor, shown.from), shown.to)
  if (!has(start)) return null
  let from = start
  while (from > shown.from && has(from - 1)) from--
  let to = start
  while (to < shown.to && has(to + 1)) to++
  return { from, to }
}

/**
 * How far a message is, by the receipts of the others. Where not all of them tell theirs, it is only known to be sent. Those who read a
 * thread along have none.
 */
export function messageState(
  place: number,
  { receipts, members, card }: Pick<ConversationRecord, 'receipts' | 'members' | 'card'>,
  shareRead: boolean,
): MessageState {
  const others = card?.kind === 'thread' ? 1 : members - 1
  if (receipts.length === 0 || receipts.length < others) return 'sent'
  if (shareRead && receipts.every((receipt) => receipt.read >= place)) return 'read'
  if (receipts.every((receipt) => Math.max(receipt.delivered, receipt.read) >= place)) return 'delivered'
  return 'sent'
}

/** Those who were there and have said that they have read it. */
function readersOf(place: number, { receipts }: ConversationRecord): number {
  return receipts.filter(({ read, came = 0 }) => read >= place && came < place).length
}

const rows = new WeakMap<Entry, { readonly row: Row; readonly altered: Alteration | undefined }>()

/** The row of an entry: the same object as long as nothing about it changes. Null for kinds that are not shown. */
export function rowOf(
  entry: Entry,
  altered: Alteration | undefined,
  me: PersonId,
  record: ConversationRecord,
  shareRead: boolean,
): Row | null {
  const isMine = entry.kind === 'message' && entry.sender === me
  const state = isMine ? messageState(entry.place, record, shareRead) : null
  const readBy = isMine && shareRead ? readersOf(entry.place, record) : 0
  const known = rows.get(entry)
  if (known && known.altered === altered) {
    const { row } = known
    if (row.kind !== 'message' || (row.state === state && row.readBy === readBy)) return row
  }
  const row = makeRow(entry, altered, { state, readBy }, record.card?.kind === 'thread')
  if (row) rows.set(entry, { row, altered })
  return row
}

function makeRow(
  entry: Entry,
  altered: Alteration | undefined,
  reached: { readonly state: MessageState | null; readonly readBy: number },
  inThread: boolean,
): Row | null {
  const { place, sender, at } = entry
  const about = { key: entry.id, place, at, by: sender }
  switch (entry.kind) {
    case 'message': {
      const { id, clientId: key, body } = entry
      const deleted = altered?.deleted ?? null
      const text = altered ? altered.text : body.text
      const edited = altered !== undefined && deleted === null
      return { kind: 'message', key, id, place, sender, at, text, edited, deleted, ...reached, error: null }
    }
    case 'created':
      return { ...about, kind: 'created', person: sender }
    case 'joined':
      return {
        ...about,
        kind: 'joined',
        person: entry.body.person,
        supervisor: inThread && entry.body.role === 'reader',
      }
    case 'left':
      // The two of a thread stay.
      return { ...about, kind: 'left', person: entry.body.person, supervisor: inThread }
    case 'role':
      return { ...about, kind: 'role', person: entry.body.person, role: entry.body.role }
    case 'silenced':
      return { ...about, kind: 'silenced', person: entry.body.person, until: entry.body.until }
    case 'pinned':
      return { ...about, kind: 'pinned', person: sender, pinned: entry.body.pinned }
    case 'changed':
      return { ...about, kind: 'changed', person: sender, ...entry.body }
    default:
      return null
  }
}

const waitingRows = new WeakMap<Sending, Row>()

export function waitingRow(item: Sending, me: PersonId): Row {
  let row = waitingRows.get(item)
  if (!row) {
    const { clientId: key, text, at, refused: error } = item
    const base = { kind: 'message', key, id: null, place: null, sender: me, at, text, error } as const
    row = { ...base, edited: false, deleted: null, state: error ? 'failed' : 'waiting', readBy: 0 }
    waitingRows.set(item, row)
  }
  return row
}
