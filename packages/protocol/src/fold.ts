import type { Details, MemberRole } from './conversations.ts'
import type { Entry } from './messages.ts'
import type { EntryId, PersonId } from './types.ts'

/** Places from `from` to `to`, both included. Lists of spans are sorted, disjoint and never adjacent. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** The spans together with one more; what touches or overlaps becomes one. */
export function addSpan(spans: readonly Span[], added: Span): readonly Span[] {
  if (added.to < added.from) return spans
  let { from, to } = added
  const before: Span[] = []
  const after: Span[] = []
  for (const span of spans) {
    if (span.to < from - 1) before.push(span)
    else if (span.from > to + 1) after.push(span)
    else {
      from = Math.min(from, span.from)
      to = Math.max(to, span.to)
    }
  }
  return [...before, { from, to }, ...after]
}

/** The holes between `from` and `to` (both included), oldest first. */
export function holes(spans: readonly Span[], from: number, to: number): readonly Span[] {
  const found: Span[] = []
  let next = from
  for (const span of spans) {
    if (span.to < next) continue
    if (span.from > to) break
    if (span.from > next) found.push({ from: next, to: span.from - 1 })
    next = span.to + 1
  }
  if (next <= to) found.push({ from: next, to })
  return found
}

/** The last place up to which nothing is missing from `from` on; `from - 1` when `from` itself is missing. */
export function heldThrough(spans: readonly Span[], from: number): number {
  for (const span of spans) if (span.from <= from && span.to >= from) return span.to
  return from - 1
}

/** The first place from which nothing is missing up to `to`; `to + 1` when `to` itself is missing. */
export function heldDownTo(spans: readonly Span[], to: number): number {
  for (const span of spans) if (span.from <= to && span.to >= to) return span.from
  return to + 1
}

/** A conversation as its log tells it. The server’s snapshot, the client’s store and the tests all come from this fold. */
export interface View {
  readonly members: ReadonlyMap<PersonId, { readonly role: MemberRole; readonly silencedUntil: string | null }>
  /** Null before the first entry. */
  readonly details: Details | null
  readonly messages: readonly Message[]
  /** The pinned ones among them, the one that was pinned last first. */
  readonly pins: readonly EntryId[]
}
export type Message = Extract<Entry, { kind: 'message' }> & {
  /** When its text was changed last; null where it was not, and once it is deleted. */
  readonly editedAt: string | null
  /** Who deleted it; its text is empty from then on. */
  readonly deleted: 'sender' | 'moderator' | null
}

export const emptyView: View = { members: new Map(), details: null, messages: [], pins: [] }

/**
 * The next view after one entry; entries come in the order of their places. A kind this version does not know changes nothing, and neither
 * does what is said about a message that is not in view: a window is folded like a whole log.
 */
export function applyEntry(view: View, entry: Entry): View {
  switch (entry.kind) {
    case 'created':
      return { ...view, details: entry.body.details, members: withMember(view, entry.sender, { role: 'owner' }) }
    case 'joined':
      return { ...view, members: withMember(view, entry.body.person, { role: entry.body.role ?? 'member' }) }
    case 'left': {
      const members = new Map(view.members)
      members.delete(entry.body.person)
      return { ...view, members }
    }
    case 'role':
      return { ...view, members: withMember(view, entry.body.person, { role: entry.body.role }) }
    case 'silenced':
      return { ...view, members: withMember(view, entry.body.person, { silencedUntil: entry.body.until }) }
    case 'changed':
      return { ...view, details: entry.body.details }
    case 'message':
      return { ...view, messages: [...view.messages, { ...entry, editedAt: null, deleted: null }] }
    case 'edited':
      return withMessage(view, entry.target, { body: entry.body, editedAt: entry.at })
    case 'deleted':
      return {
        ...withMessage(view, entry.target, { body: { text: '' }, editedAt: null, deleted: entry.body.by }),
        pins: view.pins.filter((pin) => pin !== entry.target),
      }
    case 'pinned': {
      const pins = view.pins.filter((pin) => pin !== entry.target)
      const isThere = view.messages.some((message) => message.id === entry.target && !message.deleted)
      return { ...view, pins: entry.body.pinned && isThere ? [entry.target, ...pins] : pins }
    }
    default:
      return view
  }
}

function withMessage(view: View, target: EntryId, change: Partial<Message>): View {
  const messages = view.messages.map((message) =>
    message.id === target && !message.deleted ? { ...message, ...change } : message,
  )
  return { ...view, messages }
}

function withMember(view: View, person: PersonId, change: Partial<{ role: MemberRole; silencedUntil: string | null }>) {
  const before = view.members.get(person) ?? { role: 'member' as const, silencedUntil: null }
  return new Map(view.members).set(person, { ...before, ...change })
}

/** Whether an entry is one that a person has to read. */
export function needsReading(entry: Pick<Entry, 'kind' | 'sender'>, me: PersonId): boolean {
  return entry.kind === 'message' && entry.sender !== me
}

/** Unread messages are counted up to here; beyond it a person is told "99+". */
export const unreadCap = 99

/**
 * The unread messages of one conversation, from the read place and the log alone. `entries` are those held, in any order;
 * where the log is held only from some place on, the count covers that part and `exact` is false.
 */
export function countUnread(input: {
  readonly entries: Iterable<Pick<Entry, 'kind' | 'sender' | 'place'>>
  readonly held: readonly Span[]
  readonly floor: number
  readonly head: number
  readonly read: number
  readonly me: PersonId
}): { readonly count: number; readonly exact: boolean } {
  const from = Math.max(input.read + 1, input.floor, 1)
  let count = 0
  for (const entry of input.entries)
    if (entry.place >= from && entry.place <= input.head && needsReading(entry, input.me)) count++
  return { count, exact: holes(input.held, from, input.head).length === 0 }
}
