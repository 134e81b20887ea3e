import type {
  ClientId,
  ConversationId,
  ConversationKind,
  Entry,
  EntryId,
  EntryKind,
  Head,
  MemberRole,
  PersonId,
} from '@sotto/protocol'
import { completeDetails, maxMembersWithReceipts, type StoredDetails } from '@sotto/protocol/pure'
import type pg from 'pg'
import type { Sealing } from '#platform/sealing'
import { toEntry } from './append.ts'

/** A range of places; `newestFirst` cuts at the old end where the limit is reached. */
export interface SpanWanted {
  readonly conversation: ConversationId
  readonly from: number
  readonly to: number
  readonly newestFirst: boolean
}

export interface SpanRead {
  readonly conversation: ConversationId
  readonly from: number
  readonly to: number
  readonly entries: Entry[]
}

interface EntryRow {
  conversation: ConversationId
  place: number
  id: EntryId
  sender: PersonId
  client_id: ClientId
  kind: EntryKind
  target: EntryId | null
  at: Date
  body: Buffer
  first_person: PersonId | null
  second_person: PersonId | null
  conversation_kind: ConversationKind
}

const columns =
  'e.conversation, e.place, e.id, e.sender, e.client_id, e.kind, e.target, e.at, e.body, c.first_person, c.second_person, c.kind as conversation_kind'

/** Where a member stands in a conversation; undefined for everybody else. */
export interface Seat {
  readonly role: MemberRole
  readonly head: number
  /** The first place the member may read. */
  readonly floor: number
  /** Whether one of the two of a thread has blocked the other. */
  readonly blocked: boolean
}

export async function findSeat(
  pool: Pick<pg.Pool, 'query'>,
  conversation: ConversationId,
  person: PersonId,
  now: Date,
): Promise<Seat | undefined> {
  const { rows } = await pool.query<Seat>({
    name: 'find_seat',
    text: `select m.role, c.head, greatest(m.joined_at_place, 1)::bigint as floor, c.blocked from members m join conversations c on c.id = m.conversation
      where m.conversation = $1 and m.person = $2 and m.left_at_place is null and (m.seated_until is null or m.seated_until > $3)`,
    values: [conversation, person, now],
  })
  return rows[0]
}

/** At most `limit` entries from `from` to `to` (both included), oldest first; `newest` keeps the newest ones instead of the oldest. */
export async function readPage(
  pool: Pick<pg.Pool, 'query'>,
  sealing: Sealing,
  page: { conversation: ConversationId; from: number; to: number; limit: number; newest: boolean },
): Promise<Entry[]> {
  const order = page.newest ? 'desc' : 'asc'
  const { rows } = await pool.query<EntryRow>({
    name: `read_page_${order}`,
    text: `select ${columns} from entries e join conversations c on c.id = e.conversation
      where e.conversation = $1 and e.place between $2 and $3 order by e.place ${order} limit $4`,
    values: [page.conversation, page.from, page.to, page.limit],
  })
  if (page.newest) rows.reverse()
  return openRows(sealing, rows)
}

/**
 * The entries of several spans in one query, as far as the person may read them, at most `limit` in all and shared in the order of the
 * spans. Each answered span is filled without a gap.
 */
export async function readSpans(
  pool: pg.Pool,
  sealing: Sealing,
  person: PersonId,
  spans: readonly SpanWanted[],
  limit: number,
  now: Date,
): Promise<{ spans: SpanRead[]; about: Entry[] }> {
  const seats = await pool.query<{ ord: number; from_place: number; to_place: number; head: number }>({
    name: 'read_spans_seats',
    text: `select w.ord, greatest(w.from_place, m.joined_at_place, 1)::bigint as from_place, least(w.to_place, c.head)::bigint as to_place, c.head
      from unnest($1::uuid[], $2::bigint[], $3::bigint[]) with ordinality as w(conversation, from_place, to_place, ord)
      join members m on m.conversation = w.conversation and m.person = $4 and m.left_at_place is null
        and (m.seated_until is null or m.seated_until > $5)
      join conversations c on c.id = w.conversation order by w.ord`,
    values: [
      spans.map((span) => span.conversation),
      spans.map((span) => span.from),
      spans.map((span) => span.to),
      person,
      now,
    ],
  })
  let left = limit
  const granted: (Omit<SpanRead, 'entries'> & { head: number })[] = []
  for (const seat of seats.rows) {
    const span = spans[seat.ord - 1]
    const size = Math.min(seat.to_place - seat.from_place + 1, left)
    if (!span || size <= 0) continue
    left -= size
    granted.push({
      conversation: span.conversation,
      from: span.newestFirst ? seat.to_place - size + 1 : seat.from_place,
      to: span.newestFirst ? seat.to_place : seat.from_place + size - 1,
      head: seat.head,
    })
  }
  if (granted.length === 0) return { spans: [], about: [] }
  const { rows } = await pool.query<EntryRow & { ord: number }>({
    name: 'read_spans',
    text: `select w.ord, ${columns}
      from unnest($1::uuid[], $2::bigint[], $3::bigint[]) with ordinality as w(conversation, from_place, to_place, ord)
      join conversations c on c.id = w.conversation
      cross join lateral (
        select * from entries e where e.conversation = w.conversation and e.place between w.from_place and w.to_place order by e.place
      ) e order by w.ord, e.place`,
    values: [
      granted.map((span) => span.conversation),
      granted.map((span) => span.from),
      granted.map((span) => span.to),
    ],
  })
  const entries = await openRows(sealing, rows)
  const found = granted.map((span) => ({ ...span, entries: [] as Entry[] }))
  for (const [index, row] of rows.entries()) found[row.ord - 1]?.entries.push(entries[index] as Entry)
  const about = await readAbout(pool, sealing, found)
  return { spans: found.map(({ head: _, ...span }) => span), about }
}

/** Entries that were read, and how far the log was read: what comes after that place may be about them. */
export interface PartRead {
  readonly entries: readonly Entry[]
  readonly to: number
  readonly head: number
}

/** The newest edit and the deletion of messages that were read, where these come after what was read. By place. */
export async function readAbout(
  pool: Pick<pg.Pool, 'query'>,
  sealing: Sealing,
  parts: readonly PartRead[],
): Promise<Entry[]> {
  const messages = parts.flatMap(({ entries, to, head }) =>
    // Nothing comes after the head.
    to < head ? entries.filter((entry) => entry.kind === 'message').map((entry) => ({ entry, to })) : [],
  )
  if (messages.length === 0) return []
  const { rows } = await pool.query<EntryRow>({
    name: 'read_about',
    text: `select ${columns}
      from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as w(conversation, message, read_to)
      join conversations c on c.id = w.conversation
      cross join lateral (
        select distinct on (e.kind) * from entries e
        where e.conversation = w.conversation and e.target = w.message and e.kind in ('edited', 'deleted')
        order by e.kind, e.place desc
      ) e where e.place > w.read_to order by e.conversation, e.place`,
    values: [
      messages.map(({ entry }) => entry.conversation),
      messages.map(({ entry }) => entry.id),
      messages.map(({ to }) => to),
    ],
  })
  return openRows(sealing, rows)
}

/** The pinned messages from a place on, the one that was pinned last first, with the places of the entries that pinned them. */
export async function readPins(
  pool: Pick<pg.Pool, 'query'>,
  sealing: Sealing,
  conversation: ConversationId,
  from: number,
): Promise<{ message: Entry; place: number }[]> {
  const { rows } = await pool.query<EntryRow & { pin_place: number }>({
    name: 'read_pins',
    text: `select ${columns}, p.place as pin_place
      from pins p join entries e on e.id = p.message join conversations c on c.id = p.conversation
      where p.conversation = $1 and e.place >= $2 order by p.place desc`,
    values: [conversation, from],
  })
  const messages = await openRows(sealing, rows)
  return rows.map((row, index) => ({ message: messages[index] as Entry, place: row.pin_place }))
}

async function openRows(sealing: Sealing, rows: readonly EntryRow[]): Promise<Entry[]> {
  return Promise.all(
    rows.map(async (row) => {
      const body = JSON.parse((await sealing.open(row.conversation, row.id, row.body)).toString('utf8'))
      if (body.details) body.details = completeDetails(row.conversation_kind, body.details)
      return toEntry({ ...row, clientId: row.client_id }, { ...row, pair: [row.first_person, row.second_person] }, body)
    }),
  )
}

/**
 * Where each of the person’s conversations stands, with the others’ receipts in small ones. One query. What a supervisor has read of a
 * thread is nobody’s receipt.
 */
export async function readHeads(
  pool: pg.Pool,
  person: PersonId,
  only: ConversationId | null,
  now: Date,
): Promise<Head[]> {
  const { rows } = await pool.query<Head & { kind: ConversationKind; details: StoredDetails }>({
    name: 'read_heads',
    text: `select m.conversation, c.kind, c.head, greatest(m.joined_at_place, 1)::bigint as floor, m.read_place as read,
        c.details, c.member_count as members,
        case when c.member_count > ${maxMembersWithReceipts} then '[]' else coalesce((
          select json_agg(json_build_object('person', o.person, 'delivered', o.delivered_place, 'read', o.shown_read_place))
          from members o where o.conversation = m.conversation and o.person <> m.person and o.left_at_place is null
            and not (c.kind = 'thread' and o.role = 'reader')
        ), '[]') end as receipts
      from members m join conversations c on c.id = m.conversation
      where m.person = $1 and m.left_at_place is null and ($2::uuid is null or m.conversation = $2)
        and (m.seated_until is null or m.seated_until > $3)`,
    values: [person, only, now],
  })
  return rows.map(({ kind, ...head }) => ({ ...head, details: completeDetails(kind, head.details) }))
}
