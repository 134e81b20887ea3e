import { randomUUIDv7 } from 'node:crypto'
import type {
  ClientId,
  ConversationCard,
  ConversationId,
  ConversationKind,
  Entry,
  EntryId,
  EntryKind,
  Head,
  PersonId,
  Policy,
  SessionId,
} from '@sotto/protocol'
import { AppError } from '@sotto/protocol/pure'
import { type CompiledQuery, sql } from 'kysely'
import type pg from 'pg'
import type { Bus } from './bus.ts'
import type { Clock } from './clock.ts'
import { type AfterCommit, type Db, type Tx, takeTurn } from './database.ts'
import { type Appended, appendEngine, appendEntries, type NewEntry, toEntry } from './log/append.ts'
import { findSeat, readHeads, readPage, readSpans, type Seat, type SpanWanted } from './log/read.ts'
import type { MemberRole, Tables } from './log/tables.ts'
import type { Sealing } from './sealing.ts'

export type { MemberRole } from './log/tables.ts'

/** What is to be appended. The log adds the id, the place and the time. */
export interface Draft {
  readonly conversation: ConversationId
  readonly sender: PersonId
  readonly session: SessionId | null
  readonly clientId: ClientId
  readonly kind: EntryKind
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
export interface Log {
  /**
   * Appends one entry, sharing a transaction with others that come in at the same time. The sender must be a member who may post,
   * checked in the same statement. Idempotent by (sender, clientId), for ever. Throws `not_found`, `forbidden`, or `conflict` where the
   * client id was used in another conversation.
   */
  append(draft: Draft): Promise<Appended>
  /** The same as a part of a transaction. */
  appendIn(tx: Tx, after: AfterCommit, drafts: readonly Draft[]): Promise<Appended[]>

  /** Makes a conversation whose first entry is `created` by its owner. */
  create(tx: Tx, after: AfterCommit, input: NewConversation): Promise<ConversationCard>
  /** Seats a person and appends the `joined` entry. False where they were a member already. */
  seat(tx: Tx, after: AfterCommit, conversation: ConversationId, person: PersonId, role: MemberRole): Promise<boolean>
  /** Locks the conversation of these two and gives its id, or takes the right to make it for the rest of the transaction. */
  lockPair(tx: Tx, one: PersonId, other: PersonId): Promise<ConversationId | undefined>
  /** Gives the free seat of a thread, under its lock. False where it was not free. The pair must have no thread yet: see `lockPair`. */
  fillPair(tx: Tx, conversation: ConversationId, person: PersonId): Promise<boolean>
  /** The conversation as members see it, without what is on their boards. Undefined where there is none. */
  findConversation(db: Db | Tx, conversation: ConversationId): Promise<Conversation | undefined>
  /** The conversation in which a sender used a client id. */
  findByClientId(db: Db | Tx, sender: PersonId, clientId: ClientId): Promise<ConversationId | undefined>
  members(db: Db | Tx, conversation: ConversationId): Promise<PersonId[]>
  /** The people with whom a person shares a conversation, at most `limit`. */
  companions(db: Db | Tx, person: PersonId, limit: number): Promise<PersonId[]>

  /** Inside a transaction give it: a second connection could be one too many. */
  findSeat(conversation: ConversationId, person: PersonId, tx?: Tx): Promise<Seat | undefined>
  heads(person: PersonId, only?: ConversationId): Promise<Head[]>
  page(page: {
    conversation: ConversationId
    from: number
    to: number
    limit: number
    newest: boolean
  }): Promise<Entry[]>
  spans(
    person: PersonId,
    spans: readonly SpanWanted[],
    limit: number,
  ): Promise<{ conversation: ConversationId; from: number; to: number; entries: Entry[] }[]>

  /** Moves receipts forward, many in one statement; answers with those that moved and where they now are. Places beyond the head stop at it. */
  moveReceipts(receipts: readonly Receipts[]): Promise<Moved[]>
  /** Resolves when nothing waits to be appended. */
  idle(): Promise<void>
}

export interface NewConversation {
  readonly kind: ConversationKind
  readonly policy: Policy
  readonly title: string | null
  readonly owner: PersonId
  readonly session: SessionId | null
  readonly clientId: ClientId
}

export interface Conversation {
  readonly id: ConversationId
  readonly kind: ConversationKind
  readonly policy: Policy
  readonly title: string | null
  readonly pair: readonly [PersonId | null, PersonId | null]
  readonly createdAt: Date
}

export interface Moved {
  readonly person: PersonId
  readonly conversation: ConversationId
  readonly delivered: number
  readonly read: number
  readonly shownRead: number
  readonly readMoved: boolean
  readonly shownMoved: boolean
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
    return { ...draft, id, at: clock.now(), target: null, body }
  }

  function announce(draft: Draft, appended: Appended) {
    if (!appended.fresh) return
    const entry = toEntry(draft, appended, draft.body)
    const frame = JSON.stringify({ type: 'entry', entry })
    bus.publish({ kind: 'frame', audience: `c:${draft.conversation}`, frame, mayDrop: false, head: appended.place })
  }

  async function appendIn(tx: Tx, after: AfterCommit, drafts: readonly Draft[]): Promise<Appended[]> {
    const entries = await Promise.all(drafts.map(prepare))
    const results = await appendEntries(asQueryable(tx), entries)
    return results.map((result, index) => {
      if (result instanceof AppError) throw result
      after(() => announce(drafts[index] as Draft, result))
      return result
    })
  }

  return {
    async append(draft) {
      const appended = await engine.append(await prepare(draft))
      announce(draft, appended)
      return appended
    },
    appendIn,

    async create(tx, after, input) {
      const id = randomUUIDv7() as ConversationId
      const createdAt = clock.now()
      const tables = tx.withTables<Tables>()
      await tables
        .insertInto('conversations')
        .values({
          id,
          kind: input.kind,
          policy: input.policy,
          title: input.title,
          first_person: input.kind === 'thread' ? input.owner : null,
          second_person: null,
          head: 0,
          created_at: createdAt,
        })
        .execute()
      await insertMember(tx, id, input.owner, 'owner', 1)
      after(() => bus.publish({ kind: 'seat', person: input.owner, conversation: id, seated: true }))
      const { owner: sender, session, clientId } = input
      await appendIn(tx, after, [{ conversation: id, sender, session, clientId, kind: 'created', body: {} }])
      return {
        conversation: id,
        kind: input.kind,
        policy: input.policy,
        with: null,
        title: input.title,
        archived: false,
        createdAt: createdAt.toISOString(),
      }
    },

    async seat(tx, after, conversation, person, role) {
      const locked = await tx
        .withTables<Tables>()
        .selectFrom('conversations')
        .select(['kind', 'head'])
        .where('id', '=', conversation)
        .forNoKeyUpdate()
        .executeTakeFirst()
      if (!locked) throw new AppError('not_found', 'conversation')
      // A thread is whole for both; elsewhere a newcomer reads from where they came in.
      const added = await insertMember(tx, conversation, person, role, locked.kind === 'thread' ? 1 : locked.head + 1)
      if (!added) return false
      after(() => bus.publish({ kind: 'seat', person, conversation, seated: true }))
      const clientId = randomUUIDv7() as ClientId
      await appendIn(tx, after, [
        { conversation, sender: person, session: null, clientId, kind: 'joined', body: { person } },
      ])
      return true
    },

    async lockPair(tx, one, other) {
      const [first, second] = one < other ? [one, other] : [other, one]
      await takeTurn(tx, `thread ${first} ${second}`)
      const row = await tx
        .withTables<Tables>()
        .selectFrom('conversations')
        .select('id')
        .where('first_person', '=', first)
        .where('second_person', '=', second)
        .executeTakeFirst()
      return row?.id
    },

    async fillPair(tx, conversation, person) {
      const { numUpdatedRows } = await tx
        .withTables<Tables>()
        .updateTable('conversations')
        .set({
          first_person: sql`least(first_person, ${person}::uuid)`,
          second_person: sql`greatest(first_person, ${person}::uuid)`,
        })
        .where('id', '=', conversation)
        .where('kind', '=', 'thread')
        .where('second_person', 'is', null)
        .where('first_person', '!=', person)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },

    async findConversation(db, conversation) {
      const row = await db
        .withTables<Tables>()
        .selectFrom('conversations')
        .selectAll()
        .where('id', '=', conversation)
        .executeTakeFirst()
      if (!row) return undefined
      const { id, kind, policy, title } = row
      return { id, kind, policy, title, pair: [row.first_person, row.second_person], createdAt: row.created_at }
    },

    async findByClientId(db, sender, clientId) {
      const row = await db
        .withTables<Tables>()
        .selectFrom('entries')
        .select('conversation')
        .where('sender', '=', sender)
        .where('client_id', '=', clientId)
        .executeTakeFirst()
      return row?.conversation
    },

    async members(db, conversation) {
      const rows = await db
        .withTables<Tables>()
        .selectFrom('members')
        .select('person')
        .where('conversation', '=', conversation)
        .where('left_at_place', 'is', null)
        .orderBy('person')
        .execute()
      return rows.map((row) => row.person)
    },

    async companions(db, person, limit) {
      const rows = await db
        .withTables<Tables>()
        .selectFrom('members as mine')
        .innerJoin('members as theirs', 'theirs.conversation', 'mine.conversation')
        .select('theirs.person')
        .distinct()
        .where('mine.person', '=', person)
        .where('mine.left_at_place', 'is', null)
        .where('theirs.left_at_place', 'is', null)
        .where('theirs.person', '!=', person)
        .limit(limit)
        .execute()
      return rows.map((row) => row.person)
    },

    findSeat: (conversation, person, tx) => findSeat(tx ? asQueryable(tx) : pool, conversation, person),
    heads: (person, only) => readHeads(pool, person, only ?? null),
    page: (page) => readPage(pool, sealing, page),
    spans: (person, spans, limit) => readSpans(pool, sealing, person, spans, limit),

    async moveReceipts(receipts) {
      const { rows } = await pool.query<Moved>({
        name: 'move_receipts',
        text: `with wanted as (
            select w.*, c.head from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::boolean[])
              as w(conversation, person, delivered, read, share) join conversations c on c.id = w.conversation
          ),
          before as (
            select m.* from members m join wanted w on w.conversation = m.conversation and w.person = m.person
            where m.left_at_place is null order by m.conversation, m.person for no key update of m
          )
          update members m set
            delivered_place = greatest(b.delivered_place, least(greatest(w.delivered, w.read), w.head)),
            read_place = greatest(b.read_place, least(w.read, w.head)),
            shown_read_place = case when w.share then greatest(b.shown_read_place, least(w.read, w.head)) else b.shown_read_place end
          from wanted w join before b on b.conversation = w.conversation and b.person = w.person
          where m.conversation = w.conversation and m.person = w.person
            and (greatest(w.delivered, w.read) > b.delivered_place or w.read > b.read_place)
          returning m.person, m.conversation, m.delivered_place as delivered, m.read_place as read, m.shown_read_place as "shownRead",
            m.read_place > b.read_place as "readMoved",
            m.shown_read_place > b.shown_read_place or m.delivered_place > b.delivered_place as "shownMoved"`,
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

async function insertMember(
  tx: Tx,
  conversation: ConversationId,
  person: PersonId,
  role: MemberRole,
  joinedAt: number,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .withTables<Tables>()
    .insertInto('members')
    .values({
      conversation,
      person,
      role,
      joined_at_place: joinedAt,
      left_at_place: null,
      read_place: 0,
      shown_read_place: 0,
      delivered_place: 0,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['conversation', 'person'])
        .doUpdateSet({ left_at_place: null, joined_at_place: joinedAt, role })
        .where('members.left_at_place', 'is not', null),
    )
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
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
