import { randomUUIDv7 } from 'node:crypto'
import type { ClientId, ConversationId, Entry, EntryId, EntryKind, Head, PersonId, SessionId } from '@sotto/protocol'
import { AppError } from '@sotto/protocol/pure'
import type { CompiledQuery } from 'kysely'
import type pg from 'pg'
import type { Bus } from './bus.ts'
import type { Clock } from './clock.ts'
import type { AfterCommit, Db, Tx } from './database.ts'
import { type Appended, appendEngine, appendEntries, type NewEntry, toEntry } from './log/append.ts'
import type { AppendNews } from './log/conversation.ts'
import { type Conversations, openConversations } from './log/conversations.ts'
import { type Members, openMembers } from './log/members.ts'
import { type Messages, openMessages } from './log/messages.ts'
import {
  findSeat,
  type PartRead,
  readAbout,
  readHeads,
  readPage,
  readPins,
  readSpans,
  type Seat,
  type SpanRead,
  type SpanWanted,
} from './log/read.ts'
import { openThreads, type Threads } from './log/threads.ts'
import type { Sealing } from './sealing.ts'

export type { Conversation, Doer } from './log/conversation.ts'
export type { MemberState } from './log/members.ts'
export type { StoredMessage } from './log/messages.ts'
export type { SupervisedThread } from './log/threads.ts'

/** What is to be appended. The log adds the id, the place and the time. */
export interface Draft {
  readonly conversation: ConversationId
  readonly sender: PersonId
  readonly session: SessionId | null
  readonly clientId: ClientId
  readonly kind: EntryKind
  /** The entry this one is about. */
  readonly target?: EntryId
  readonly body: object
}

export interface Receipts {
  readonly person: PersonId
  readonly conversation: ConversationId
  readonly delivered: number
  readonly read: number
  /** Whether others are told of `read`. */
  readonly share: boolean
}

/**
 * The log of every conversation, and who is in it. Places are gap-free and commit in order; nothing is announced or answered before it
 * is on disk. Also the only owner of `conversations`, `members` and `entries`.
 */
export interface Log extends Conversations, Threads, Members, Messages {
  /**
   * Appends one entry, sharing a transaction with others that come in at the same time. The sender must be a member who may post,
   * checked in the same statement. Idempotent by (sender, clientId), for ever. Throws `not_found`, `forbidden`, or `conflict` where the
   * client id was used in another conversation.
   */
  append(draft: Draft): Promise<Appended>
  /** The same as a part of a transaction, for several entries in their order; each is stored or has its refusal for an answer. */
  appendEach(tx: Tx, after: AfterCommit, drafts: readonly Draft[]): Promise<(Appended | AppError)[]>
  /** The same, where a refusal is thrown and nothing is to be stored. */
  appendIn(tx: Tx, after: AfterCommit, drafts: readonly Draft[]): Promise<Appended[]>

  /** Inside a transaction give it: a second connection could be one too many. */
  findSeat(conversation: ConversationId, person: PersonId, tx?: Tx): Promise<Seat | undefined>
  heads(person: PersonId, only?: ConversationId): Promise<Head[]>
  page(
    page: { conversation: ConversationId; from: number; to: number; limit: number; newest: boolean },
    tx?: Tx,
  ): Promise<Entry[]>
  spans(person: PersonId, spans: readonly SpanWanted[], limit: number): Promise<{ spans: SpanRead[]; about: Entry[] }>
  /** The pinned messages from a place on, the one that was pinned last first; `place` is that of the entry that pinned it. */
  pins(conversation: ConversationId, from: number): Promise<{ message: Entry; place: number }[]>
  /** What was appended about messages that were read, beyond what was read. */
  about(parts: readonly PartRead[], tx?: Tx): Promise<Entry[]>

  /**
   * Moves receipts forward, many in one statement; answers with those that moved and where they now are. Places beyond the head stop at it.
   * While one of the two of a thread has blocked the other, neither is shown how far the other is, also not later.
   */
  moveReceipts(receipts: readonly Receipts[]): Promise<Moved[]>
  /** Resolves when nothing waits to be appended. */
  idle(): Promise<void>
}

export interface Moved {
  readonly person: PersonId
  readonly conversation: ConversationId
  readonly delivered: number
  readonly read: number
  readonly shownRead: number
  readonly readMoved: boolean
  readonly shownMoved: boolean
  /** How many members the conversation has. */
  readonly members: number
}

export interface LogPorts {
  readonly db: Db
  readonly pool: pg.Pool
  /** Connections of the append engine alone: a busy reader never makes a sender wait. */
  readonly appendPool: pg.Pool
  readonly sealing: Sealing
  readonly bus: Bus
  readonly clock: Clock
}

export function openLog({ pool, appendPool, sealing, bus, clock }: LogPorts): Log {
  const engine = appendEngine(appendPool)

  async function prepare(draft: Draft): Promise<NewEntry> {
    const id = randomUUIDv7() as EntryId
    const body = await sealing.seal(draft.conversation, id, Buffer.from(JSON.stringify(draft.body)))
    return { ...draft, id, at: clock.now(), target: draft.target ?? null, body }
  }

  function announce(draft: Draft, appended: Appended) {
    if (!appended.fresh) return
    const entry = toEntry({ ...draft, target: draft.target ?? null }, appended, draft.body)
    const frame = JSON.stringify({ type: 'entry', entry })
    bus.publish({ kind: 'frame', audience: `c:${draft.conversation}`, frame, mayDrop: false, head: appended.place })
  }

  async function appendEach(tx: Tx, after: AfterCommit, drafts: readonly Draft[]): Promise<(Appended | AppError)[]> {
    const results = await appendEntries(asQueryable(tx), await Promise.all(drafts.map(prepare)))
    after(() => {
      for (const [index, result] of results.entries())
        if (!(result instanceof AppError)) announce(drafts[index] as Draft, result)
    })
    return results
  }

  async function appendIn(tx: Tx, after: AfterCommit, drafts: readonly Draft[]): Promise<Appended[]> {
    return (await appendEach(tx, after, drafts)).map((result) => {
      if (result instanceof AppError) throw result
      return result
    })
  }

  const appendNews: AppendNews = async (tx, after, news) => {
    const drafts = news.map(({ by, clientId, ...said }) => ({
      ...said,
      sender: by.person,
      session: by.session,
      clientId: clientId ?? (randomUUIDv7() as ClientId),
    }))
    await appendIn(tx, after, drafts)
  }

  return {
    async append(draft) {
      const appended = await engine.append(await prepare(draft))
      announce(draft, appended)
      return appended
    },
    appendIn,
    appendEach,

    ...openConversations(bus, clock, appendNews),
    ...openThreads(bus, clock, appendNews),
    ...openMembers(bus, clock, appendNews),
    ...openMessages(sealing),

    findSeat: (conversation, person, tx) => findSeat(tx ? asQueryable(tx) : pool, conversation, person, clock.now()),
    heads: (person, only) => readHeads(pool, person, only ?? null, clock.now()),
    page: (page, tx) => readPage(tx ? asQueryable(tx) : pool, sealing, page),
    spans: (person, spans, limit) => readSpans(pool, sealing, person, spans, limit, clock.now()),
    pins: (conversation, from) => readPins(pool, sealing, conversation, from),
    about: (parts, tx) => readAbout(tx ? asQueryable(tx) : pool, sealing, parts),

    async moveReceipts(receipts) {
      const { rows } = await pool.query<Moved>({
        name: 'move_receipts',
        text: `with wanted as (
            select w.*, c.head, c.kind, c.member_count, c.blocked from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::boolean[])
              as w(conversation, person, delivered, read, share) join conversations c on c.id = w.conversation
          ),
          before as (
            select m.* from members m join wanted w on w.conversation = m.conversation and w.person = m.person
            where m.left_at_place is null order by m.conversation, m.person for no key update of m
          )
          update members m set
            delivered_place = case when w.blocked then b.delivered_place
              else greatest(b.delivered_place, least(greatest(w.delivered, w.read), w.head)) end,
            read_place = greatest(b.read_place, least(w.read, w.head)),
            shown_read_place = case when w.share and not w.blocked then greatest(b.shown_read_place, least(w.read, w.head)) else b.shown_read_place end
          from wanted w join before b on b.conversation = w.conversation and b.person = w.person
          where m.conversation = w.conversation and m.person = w.person
            and (greatest(w.delivered, w.read) > b.delivered_place or w.read > b.read_place)
          returning m.person, m.conversation, m.delivered_place as delivered, m.read_place as read, m.shown_read_place as "shownRead",
            m.read_place > b.read_place as "readMoved",
            (m.shown_read_place > b.shown_read_place or m.delivered_place > b.delivered_place)
              and not (w.kind = 'thread' and m.role = 'reader') as "shownMoved",
            w.member_count as members`,
        values: [
          receipts.map((receipt) => receipt.conversation),
          receipts.map((receipt) => receipt.person),
          receipts.map((receipt) => receipt.delivered),
          receipts.map((receipt) => receipt.read),
          receipts.map((receipt) => receipt.share),
        ],
      })
      return rows
    },
    idle: engine.idle,
  }
}

/** A Kysely transaction as the driver’s `query`, for statements that are written as text. */
function asQueryable(tx: Tx): Pick<pg.Pool, 'query'> {
  const query = async (config: { text: string; values: unknown[] }) => {
    const { rows } = await tx.executeQuery({
      sql: config.text,
      parameters: config.values,
      query: { kind: 'RawNode' },
    } as unknown as CompiledQuery)
    return { rows }
  }
  return { query } as unknown as Pick<pg.Pool, 'query'>
}
