import type { ConversationCard, ConversationId, Entry, Head, PersonId, Span } from '@sotto/protocol'
import {
  addSpan,
  countUnread,
  heldDownTo,
  heldThrough,
  holes,
  maxMembersWithReceipts,
  needsReading,
  unreadCap,
} from '@sotto/protocol/pure'
import type { Alteration, ConversationRecord, Countable, KnownReceipt, LastMessage } from './records.ts'
import { isSame } from './same.ts'

/** How much of a conversation that is new on this device comes without being looked at. */
export const firstPage = 30
/** Who was away for longer than `tooFar` entries gets the newest `farPage`, and older ones as they look at them. */
export const tooFar = 5_000
export const farPage = 1_000
/** How far one looks back at a time for messages that may be unread. */
const lookBack = 100
/** One more than is ever shown, so that "more than that" can be told. */
const countedUnread = unreadCap + 1
const previewLength = 200

export function newConversation(id: ConversationId): ConversationRecord {
  return {
    id,
    card: null,
    peer: null,
    head: 0,
    floor: 0,
    read: 0,
    seen: 0,
    reported: 0,
    receipts: [],
    details: null,
    members: 0,
    detailsAt: 0,
    membersAt: 0,
    silenced: null,
    cameAt: null,
    since: 0,
    held: [],
    last: null,
    unread: [],
    foreign: 0,
  }
}

/** My read place: what the server knows or what was seen here, whichever is further. */
export function readPlace(record: ConversationRecord): number {
  return Math.max(record.read, record.seen)
}

export function otherPerson(record: ConversationRecord): PersonId | null {
  return record.card ? record.card.with : record.peer
}

/** The two of a thread I read along: what those who read along have read is nobody’s receipt, so theirs are all there are. */
export function pairOf({ card, receipts }: ConversationRecord): readonly PersonId[] {
  return card?.kind === 'thread' && card.role === 'reader' ? receipts.map(({ person }) => person) : []
}

export function withCard(record: ConversationRecord, card: ConversationCard): ConversationRecord {
  return { ...record, card, peer: card.kind === 'thread' ? (card.with ?? record.peer) : null }
}

/** The record after the server said where the conversation stands. The same object when that is no news. */
export function withHead(record: ConversationRecord, head: Head): ConversationRecord {
  const told = withTold(record, head)
  const receipts = head.receipts.reduce(mergeReceipt, stillThere(told, head))
  if (
    told === record &&
    head.head <= record.head &&
    head.floor === record.floor &&
    head.read <= record.read &&
    receipts === record.receipts &&
    (record.since > 0 || record.head === 0)
  ) {
    return record
  }
  const next = { ...told, head: Math.max(record.head, head.head), floor: head.floor, receipts }
  return follow(withRead(next, head.read))
}

/** Whether the members of this conversation are told where each other one is, and who is typing. */
export function tellsReceipts(record: ConversationRecord): boolean {
  return record.members <= maxMembersWithReceipts
}

/** The details and the number of members as of the head, where nothing newer is known. */
function withTold(record: ConversationRecord, { head, details, members }: Head): ConversationRecord {
  const newDetails = head > record.detailsAt || (head === record.detailsAt && !isSame(record.details, details))
  const newMembers = head > record.membersAt || (head === record.membersAt && record.members !== members)
  if (!newDetails && !newMembers) return record
  return {
    ...record,
    ...(newDetails && { details, detailsAt: head }),
    ...(newMembers && { members, membersAt: head }),
  }
}

/** Without the receipts of those who have left, where the head knows of everybody who came. */
function stillThere(
  { receipts, head: known }: ConversationRecord,
  { head, receipts: theirs }: Head,
): readonly KnownReceipt[] {
  if (head < known || receipts.every(({ person }) => theirs.some((one) => one.person === person))) return receipts
  return receipts.filter(({ person }) => theirs.some((one) => one.person === person))
}

/** The record when its log is known to reach `head`. */
export function withHeadAt(record: ConversationRecord, head: number): ConversationRecord {
  return head > record.head ? follow({ ...record, head }) : record
}

export function withRead(record: ConversationRecord, read: number): ConversationRecord {
  return read > record.read ? dropRead({ ...record, read }) : record
}

export function withSeen(record: ConversationRecord, seen: number): ConversationRecord {
  return seen > record.seen ? dropRead({ ...record, seen }) : record
}

export function withReceipt(record: ConversationRecord, receipt: KnownReceipt): ConversationRecord {
  if (!tellsReceipts(record)) return record
  const receipts = mergeReceipt(record.receipts, receipt)
  return receipts === record.receipts ? record : { ...record, receipts }
}

/**
 * The record after entries were stored that fill `served` without a gap. Entries held before change nothing, whatever way they come
 * and however often.
 */
export function withEntries(
  record: ConversationRecord,
  served: Span,
  entries: readonly Entry[],
  me: PersonId,
): ConversationRecord {
  const fresh = freshOf(record, entries)
  const held = addSpan(record.held, served)
  let { last, foreign } = record
  for (const entry of fresh) {
    if (entry.sender !== me && entry.place > foreign) foreign = entry.place
    if (entry.kind === 'message' && entry.place > (last?.place ?? 0)) {
      const { place, id, clientId, sender, at } = entry
      last = { place, id, clientId, sender, at, text: entry.body.text.slice(0, previewLength), deleted: null }
    }
  }
  const head = Math.max(record.head, served.to)
  const next = { ...record, head, held, last, foreign, unread: countables(record, fresh, me) }
  return follow(fresh.reduce((before, entry) => withNews(before, entry, me), next))
}

/** What an entry says about the conversation itself. */
function withNews(record: ConversationRecord, entry: Entry, me: PersonId): ConversationRecord {
  const { place, at } = entry
  switch (entry.kind) {
    case 'created':
    case 'changed': {
      const next = entry.kind === 'created' && entry.sender === me ? { ...record, cameAt: at } : record
      return place > record.detailsAt ? { ...next, details: entry.body.details, detailsAt: place } : next
    }
    case 'joined':
    case 'left': {
      const { person, members } = entry.body
      const isMine = person === me
      let next = isMine && entry.kind === 'joined' ? { ...record, cameAt: at } : record
      if (place <= record.membersAt) return next
      next = { ...next, members, membersAt: place }
      if (!tellsReceipts(next)) return { ...next, receipts: [] }
      if (isMine) return next
      // What those who read a thread along have read is nobody’s receipt.
      if (entry.kind === 'joined' && entry.body.role === 'reader' && record.card?.kind === 'thread') return next
      return entry.kind === 'joined'
        ? withReceipt(next, { person, delivered: place, read: place, came: place })
        : { ...next, receipts: next.receipts.filter((receipt) => receipt.person !== person) }
    }
    case 'silenced':
      return entry.body.person === me && place > (record.silenced?.place ?? 0)
        ? { ...record, silenced: { place, until: entry.body.until } }
        : record
    default:
      return record
  }
}

/** The last message after it was edited or deleted. */
export function withAlteration(last: LastMessage, { text, deleted }: Alteration): LastMessage {
  return { ...last, text: text.slice(0, previewLength), deleted }
}

/** Those of the entries that are not held yet. */
export function freshOf(record: ConversationRecord, entries: readonly Entry[]): readonly Entry[] {
  return entries.filter((entry) => heldThrough(record.held, entry.place) < entry.place)
}

export function unreadOf(
  record: ConversationRecord,
  me: PersonId,
): { readonly count: number; readonly exact: boolean } {
  const { held, head } = record
  const floor = Math.max(record.floor, 1)
  const unread = countUnread({ entries: record.unread, held, floor, head, read: readPlace(record), me })
  return unread.count > unreadCap ? { count: unreadCap, exact: false } : unread
}

/** What this device wants and does not hold, oldest first. */
export function missing(record: ConversationRecord, me: PersonId): readonly Span[] {
  return holes(record.held, wantedFrom(record, me), record.head)
}

/** Up to here this device holds everything it ever wanted. */
export function deliveredPlace(record: ConversationRecord): number {
  return heldThrough(record.held, Math.max(record.since, record.floor, 1))
}

function wantedFrom(record: ConversationRecord, me: PersonId): number {
  const first = Math.max(record.floor, 1)
  const start = Math.max(record.since, first)
  const bottom = heldDownTo(record.held, record.head)
  if (bottom > start) return start
  const unread = unreadOf(record, me)
  if (unread.exact || unread.count >= unreadCap) return start
  return Math.max(first, readPlace(record) + 1, bottom - lookBack)
}

/**
 * Decides from where on everything is wanted: set with the first head, moved only by an absence that was too long. What was held before
 * that is let go of: among what is skipped could be its edits and deletions.
 */
function follow(record: ConversationRecord): ConversationRecord {
  if (record.head === 0) return record
  const first = Math.max(record.floor, 1)
  if (record.since === 0) return { ...record, since: Math.max(first, record.head - firstPage + 1) }
  const top = record.held.at(-1)?.to ?? 0
  if (record.head - Math.max(top, record.since) > tooFar) {
    const last = record.last && { ...record.last, text: '' }
    return { ...record, since: record.head - farPage + 1, held: [], unread: [], last }
  }
  return record
}

function dropRead(record: ConversationRecord): ConversationRecord {
  const read = readPlace(record)
  if (!record.unread.some((entry) => entry.place <= read)) return record
  return { ...record, unread: record.unread.filter((entry) => entry.place > read) }
}

// The newest are enough: a read place only moves forward, so what was cut off either stays beyond the cap or becomes read.
function countables(record: ConversationRecord, fresh: readonly Entry[], me: PersonId): readonly Countable[] {
  const read = readPlace(record)
  const added: Countable[] = []
  for (const { kind, sender, place } of fresh) {
    if (place > read && needsReading({ kind, sender }, me)) added.push({ kind, sender, place })
  }
  if (added.length === 0) return record.unread
  return [...record.unread, ...added].sort((a, b) => a.place - b.place).slice(-countedUnread)
}

function mergeReceipt(receipts: readonly KnownReceipt[], news: KnownReceipt): readonly KnownReceipt[] {
  const { person, delivered, read } = news
  const known = receipts.find((receipt) => receipt.person === person)
  if (!known) return [...receipts, news]
  if (delivered <= known.delivered && read <= known.read) return receipts
  const merged = {
    ...known,
    ...news,
    delivered: Math.max(delivered, known.delivered),
    read: Math.max(read, known.read),
  }
  return receipts.map((receipt) => (receipt === known ? merged : receipt))
}
