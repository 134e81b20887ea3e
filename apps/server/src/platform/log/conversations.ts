import { randomUUIDv7 } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type {
  ClientId,
  ConversationId,
  ConversationKind,
  Details,
  Entry,
  MemberRole,
  PersonId,
  Policy,
  SessionId,
} from '@sotto/protocol'
import { AppError, defaultDetails } from '@sotto/protocol/pure'
import { type SqlBool, sql } from 'kysely'
import type { Bus } from '#platform/bus'
import type { Clock } from '#platform/clock'
import { type AfterCommit, type Db, type Tx, takeTurn } from '#platform/database'
import type { Appended } from './append.ts'
import type { Tables } from './tables.ts'

/** Who does something to a conversation: the sender of the entry that says so. */
export interface Doer {
  readonly person: PersonId
  readonly session: SessionId | null
}

export interface NewConversation {
  readonly kind: ConversationKind
  readonly policy: Policy
  /** What differs from the defaults of the kind. */
  readonly details?: Partial<Details>
  readonly clientId: ClientId
}

export interface Conversation {
  readonly id: ConversationId
  readonly kind: ConversationKind
  readonly policy: Policy
  readonly details: Details
  readonly pair: readonly [PersonId | null, PersonId | null]
  readonly head: number
  readonly members: number
  readonly createdAt: Date
}

export interface MemberState {
  readonly person: PersonId
  readonly role: MemberRole
  readonly silencedUntil: Date | null
}

/** How somebody is seated, where it is not as a member for good. */
export interface SeatTerms {
  readonly role: MemberRole
  /** They read from here on, whatever newcomers otherwise do. */
  readonly fromNow: boolean
  /** From this moment on they read nothing any more; null for as long as they are seated. */
  readonly until: Date | null
}

export interface SupervisedThread {
  readonly id: ConversationId
  readonly pair: readonly PersonId[]
  readonly supervisors: readonly { readonly person: PersonId; readonly until: Date | null }[]
}

/** What is appended together with a change to a conversation. */
export type AppendNews = (
  tx: Tx,
  after: AfterCommit,
  conversation: ConversationId,
  by: Doer,
  news: Pick<
    Extract<Entry, { kind: 'created' | 'joined' | 'left' | 'role' | 'changed' | 'silenced' }>,
    'kind' | 'body'
  >,
  clientId?: ClientId,
) => Promise<Appended>

/**
 * Conversations and who is in them. Everything that changes one takes its row's lock first and appends the entry that says so, in the same
 * transaction: the log alone tells the whole story.
 */
export interface Conversations {
  /** Makes a conversation with its owner, whose `created` entry is the first. A channel's name that is in use is a `name_taken`. */
  create(tx: Tx, after: AfterCommit, by: Doer, wanted: NewConversation): Promise<Conversation>
  /** Locks a conversation until the transaction ends. Throws `not_found`. */
  lock(tx: Tx, conversation: ConversationId): Promise<Conversation>
  /** Seats a person and appends `joined`. False where they were a member already. */
  seat(
    tx: Tx,
    after: AfterCommit,
    conversation: ConversationId,
    person: PersonId,
    by: Doer,
    terms?: SeatTerms,
  ): Promise<boolean>
  /** Changes how long a seat lasts. */
  seatUntil(tx: Tx, conversation: ConversationId, person: PersonId, until: Date | null): Promise<void>
  /** Takes a person out and appends `left`. False where they were no member. */
  unseat(
    tx: Tx,
    after: AfterCommit,
    conversation: ConversationId,
    person: PersonId,
    by: Doer,
    bannedUntil?: Date,
  ): Promise<boolean>
  /** Who was taken out and may not come back at this time; with `only`, whether that one. */
  bans(
    db: Db | Tx,
    conversation: ConversationId,
    now: Date,
    only?: PersonId,
  ): Promise<{ person: PersonId; until: Date }[]>
  /** False where there was none. */
  liftBan(tx: Tx, conversation: ConversationId, person: PersonId): Promise<boolean>
  /** While a thread is blocked, neither of the two writes in it. */
  setBlocked(tx: Tx, conversation: ConversationId, blocked: boolean): Promise<void>
  setRole(
    tx: Tx,
    after: AfterCommit,
    conversation: ConversationId,
    person: PersonId,
    role: MemberRole,
    by: Doer,
  ): Promise<void>
  silence(
    tx: Tx,
    after: AfterCommit,
    conversation: ConversationId,
    person: PersonId,
    until: Date | null,
    by: Doer,
  ): Promise<void>
  change(tx: Tx, after: AfterCommit, conversation: ConversationId, change: Partial<Details>, by: Doer): Promise<Details>
  /** Deletes a conversation with everything in it; resolves with those who were members. */
  destroy(tx: Tx, after: AfterCommit, conversation: ConversationId): Promise<PersonId[]>

  /** Locks the conversation of these two and gives its id, or takes the right to make it for the rest of the transaction. */
  lockPair(tx: Tx, one: PersonId, other: PersonId): Promise<ConversationId | undefined>
  findPair(db: Db | Tx, one: PersonId, other: PersonId): Promise<ConversationId | undefined>
  /**
   * Gives the free seat of a thread, under its lock, and the policy that is decided now that the two are known. False where it was not free.
   * The pair must have no thread yet: see `lockPair`.
   */
  fillPair(tx: Tx, conversation: ConversationId, person: PersonId, policy: Policy): Promise<boolean>
  /** The supervised threads of these people, or all of them, with those who read along. */
  supervisedThreads(db: Db | Tx, which: readonly PersonId[] | ConversationId | 'all'): Promise<SupervisedThread[]>

  findConversation(db: Db | Tx, conversation: ConversationId): Promise<Conversation | undefined>
  /** The conversation in which a sender used a client id. */
  findByClientId(db: Db | Tx, sender: PersonId, clientId: ClientId): Promise<ConversationId | undefined>
  memberIds(db: Db | Tx, conversation: ConversationId): Promise<PersonId[]>
  findMembers(db: Db | Tx, conversation: ConversationId, people: readonly PersonId[]): Promise<MemberState[]>
  countOwners(db: Db | Tx, conversation: ConversationId): Promise<number>
  /** Those who have read up to their place, as far as they share that. */
  haveRead(
    db: Db | Tx,
    places: readonly { person: PersonId; conversation: ConversationId; place: number }[],
  ): Promise<ReadonlySet<PersonId>>
  /** Those of these people with whom a person has a thread. */
  pairedAmong(db: Db | Tx, person: PersonId, among: readonly PersonId[]): Promise<PersonId[]>
  /** The people with whom a person shares a conversation, at most `limit`. */
  companions(db: Db | Tx, person: PersonId, limit: number): Promise<PersonId[]>
  /**
   * Those of these people with whom a person has a conversation, also those who have left it since the person came: their words are
   * in it.
   */
  companionsAmong(db: Db | Tx, person: PersonId, among: readonly PersonId[]): Promise<PersonId[]>
  /** Channels by name: the listed ones and those the person is in; all of them with `every`. */
  channels(
    db: Db,
    page: { person: PersonId; every: boolean; find: string; after: string; limit: number },
  ): Promise<(Conversation & { joined: boolean })[]>
}

export function openConversations(bus: Bus, clock: Clock, append: AppendNews): Conversations {
  async function lock(tx: Tx, conversation: ConversationId): Promise<Conversation> {
    const row = await tx
      .withTables<Tables>()
      .selectFrom('conversations')
      .selectAll()
      .where('id', '=', conversation)
      .forNoKeyUpdate()
      .executeTakeFirst()
    if (!row) throw new AppError('not_found', 'conversation')
    return toConversation(row)
  }

  async function lockSettings(tx: Tx, conversation: ConversationId, details: Details) {
    await tx
      .withTables<Tables>()
      .updateTable('conversations')
      .set(columnsOf(details))
      .where('id', '=', conversation)
      .execute()
  }

  async function countMembers(tx: Tx, conversation: ConversationId, by: 1 | -1): Promise<number> {
    const row = await tx
      .withTables<Tables>()
      .updateTable('conversations')
      .set((columns) => ({ member_count: columns('member_count', '+', by) }))
      .where('id', '=', conversation)
      .returning('member_count')
      .executeTakeFirstOrThrow()
    return row.member_count
  }

  async function updateMember(
    tx: Tx,
    conversation: ConversationId,
    person: PersonId,
    change: Partial<
      Pick<Tables['members'], 'role' | 'silenced_until' | 'left_at_place' | 'seated_until' | 'banned_until'>
    >,
  ): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .withTables<Tables>()
      .updateTable('members')
      .set(change)
      .where('conversation', '=', conversation)
      .where('person', '=', person)
      .where('left_at_place', 'is', null)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  return {
    lock,

    async create(tx, after, by, { kind, policy, details: wanted, clientId }) {
      const id = randomUUIDv7() as ConversationId
      const details = { ...defaultDetails[kind], ...wanted }
      if (kind === 'channel') await claimName(tx, details.name)
      const row = {
        id,
        kind,
        policy,
        first_person: kind === 'thread' ? by.person : null,
        second_person: null,
        head: 0,
        created_at: clock.now(),
        member_count: 1,
        blocked: false,
        ...columnsOf(details),
      }
      await tx.withTables<Tables>().insertInto('conversations').values(row).execute()
      await insertMember(tx, id, by.person, 'owner', 1)
      after(() => bus.publish({ kind: 'seat', person: by.person, conversation: id, seated: true }))
      await append(tx, after, id, by, { kind: 'created', body: { details } }, clientId)
      return { ...toConversation({ ...row, details }), head: 1 }
    },

    async seat(tx, after, conversation, person, by, { role, fromNow, until } = forGood) {
      const { details, head } = await lock(tx, conversation)
      const from = details.history === 'all' && !fromNow ? 1 : head + 1
      if (!(await insertMember(tx, conversation, person, role, from, until))) return false
      const members = await countMembers(tx, conversation, 1)
      after(() => bus.publish({ kind: 'seat', person, conversation, seated: true }))
      await append(tx, after, conversation, by, {
        kind: 'joined',
        body: { person, members, ...(role !== 'member' && { role }) },
      })
      return true
    },

    async seatUntil(tx, conversation, person, until) {
      await updateMember(tx, conversation, person, { seated_until: until })
    },

    async unseat(tx, after, conversation, person, by, bannedUntil) {
      const { head } = await lock(tx, conversation)
      const change = { left_at_place: head + 1, banned_until: bannedUntil ?? null }
      if (!(await updateMember(tx, conversation, person, change))) return false
      const members = await countMembers(tx, conversation, -1)
      // Before the entry is announced: who is out hears nothing any more.
      after(() => bus.publish({ kind: 'seat', person, conversation, seated: false }))
      await append(tx, after, conversation, by, { kind: 'left', body: { person, members } })
      return true
    },

    async setRole(tx, after, conversation, person, role, by) {
      await lock(tx, conversation)
      if (!(await updateMember(tx, conversation, person, { role }))) throw new AppError('not_found', 'person')
      await append(tx, after, conversation, by, { kind: 'role', body: { person, role } })
    },

    async silence(tx, after, conversation, person, until, by) {
      await lock(tx, conversation)
      if (!(await updateMember(tx, conversation, person, { silenced_until: until })))
        throw new AppError('not_found', 'person')
      const body = { person, until: until ? until.toISOString() : null }
      await append(tx, after, conversation, by, { kind: 'silenced', body })
    },

    async change(tx, after, conversation, change, by) {
      // Names are claimed before conversations are locked, here and in `create`.
      const before = await findConversation(tx, conversation)
      if (before?.kind === 'channel' && change.name != null && !sameName(change.name, before.details.name))
        await claimName(tx, change.name)
      const { details: earlier } = await lock(tx, conversation)
      const details = { ...earlier, ...change }
      const fields = (Object.keys(details) as (keyof Details)[]).filter(
        (field) => !isDeepStrictEqual(details[field], earlier[field]),
      )
      await lockSettings(tx, conversation, details)
      await append(tx, after, conversation, by, { kind: 'changed', body: { details, fields } })
      return details
    },

    async destroy(tx, after, conversation) {
      await lock(tx, conversation)
      const people = await memberIds(tx, conversation)
      const tables = tx.withTables<Tables>()
      await tables.deleteFrom('entries').where('conversation', '=', conversation).execute()
      await tables.deleteFrom('members').where('conversation', '=', conversation).execute()
      await tables.deleteFrom('conversations').where('id', '=', conversation).execute()
      after(() => {
        for (const person of people) bus.publish({ kind: 'seat', person, conversation, seated: false })
      })
      return people
    },

    async lockPair(tx, one, other) {
      await takeTurn(tx, `thread ${sorted(one, other).join(' ')}`)
      return findPair(tx, one, other)
    },

    findPair,

    async fillPair(tx, conversation, person, policy) {
      const { numUpdatedRows } = await tx
        .withTables<Tables>()
        .updateTable('conversations')
        .set({
          policy,
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

    async supervisedThreads(db, which) {
      let query = db
        .withTables<Tables>()
        .selectFrom('conversations')
        .select(['id', 'first_person', 'second_person'])
        .where('kind', '=', 'thread')
        .where('policy', '=', 'supervised')
      if (typeof which !== 'string') {
        const people = sql<PersonId>`any(${which}::uuid[])`
        query = query.where((row) => row.or([row('first_person', '=', people), row('second_person', '=', people)]))
      } else if (which !== 'all') query = query.where('id', '=', which)
      const rows = await query.orderBy('id').execute()
      const readers = await db
        .withTables<Tables>()
        .selectFrom('members')
        .select(['conversation', 'person', 'seated_until as until'])
        .where('conversation', '=', sql<ConversationId>`any(${rows.map((row) => row.id)}::uuid[])`)
        .where('role', '=', 'reader')
        .where('left_at_place', 'is', null)
        .orderBy('person')
        .execute()
      const byThread = Map.groupBy(readers, (reader) => reader.conversation)
      return rows.map(({ id, first_person, second_person }) => ({
        id,
        pair: [first_person, second_person].filter((person) => person !== null),
        supervisors: (byThread.get(id) ?? []).map(({ person, until }) => ({ person, until })),
      }))
    },

    findConversation,

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

    memberIds,

    async findMembers(db, conversation, people) {
      const rows = await db
        .withTables<Tables>()
        .selectFrom('members')
        .select(['person', 'role', 'silenced_until'])
        .where('conversation', '=', conversation)
        .where('person', '=', sql<PersonId>`any(${people}::uuid[])`)
        .where('left_at_place', 'is', null)
        .execute()
      return rows.map(({ person, role, silenced_until }) => ({ person, role, silencedUntil: silenced_until }))
    },

    async countOwners(db, conversation) {
      const { count } = await db
        .withTables<Tables>()
        .selectFrom('members')
        .select((columns) => columns.fn.countAll<number>().as('count'))
        .where('conversation', '=', conversation)
        .where('role', '=', 'owner')
        .where('left_at_place', 'is', null)
        .executeTakeFirstOrThrow()
      return count
    },

    async bans(db, conversation, now, only) {
      const query = db
        .withTables<Tables>()
        .selectFrom('members')
        .select(['person', 'banned_until'])
        .where('conversation', '=', conversation)
        .where('banned_until', '>', now)
        .where('left_at_place', 'is not', null)
      const rows = await (only ? query.where('person', '=', only) : query).execute()
      return rows.map(({ person, banned_until }) => ({ person, until: banned_until as Date }))
    },

    async liftBan(tx, conversation, person) {
      const { numUpdatedRows } = await tx
        .withTables<Tables>()
        .updateTable('members')
        .set({ banned_until: null })
        .where('conversation', '=', conversation)
        .where('person', '=', person)
        .where('banned_until', 'is not', null)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },

    async setBlocked(tx, conversation, blocked) {
      await tx
        .withTables<Tables>()
        .updateTable('conversations')
        .set({ blocked })
        .where('id', '=', conversation)
        .execute()
    },

    async haveRead(db, places) {
      const { rows } = await sql<{ person: PersonId }>`select m.person from members m
        join unnest(${places.map((one) => one.person)}::uuid[], ${places.map((one) => one.conversation)}::uuid[],
          ${places.map((one) => one.place)}::bigint[]) as w(person, conversation, place)
          on w.conversation = m.conversation and w.person = m.person
        where m.shown_read_place >= w.place`.execute(db)
      return new Set(rows.map((row) => row.person))
    },

    async pairedAmong(db, person, among) {
      const { rows } = await sql<{ other: PersonId }>`
        select case when first_person = ${person} then second_person else first_person end as other from conversations
        where (first_person = ${person} and second_person = any(${among}::uuid[]))
          or (second_person = ${person} and first_person = any(${among}::uuid[]))`.execute(db)
      return rows.map((row) => row.other)
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

    async companionsAmong(db, person, among) {
      if (among.length === 0) return []
      const rows = await db
        .withTables<Tables>()
        .selectFrom('members as mine')
        .innerJoin('members as theirs', 'theirs.conversation', 'mine.conversation')
        .select('theirs.person')
        .distinct()
        .where('mine.person', '=', person)
        .where('mine.left_at_place', 'is', null)
        .where((row) => row.or([row('mine.seated_until', 'is', null), row('mine.seated_until', '>', clock.now())]))
        .where('theirs.person', '=', sql<PersonId>`any(${among}::uuid[])`)
        .where((row) =>
          row.or([
            row('theirs.left_at_place', 'is', null),
            row('theirs.left_at_place', '>=', row.ref('mine.joined_at_place')),
          ]),
        )
        .execute()
      return rows.map((row) => row.person)
    },

    async channels(db, { person, every, find, after, limit }) {
      const name = sql<string>`lower(c.details->>'name')`
      const inIt = sql<boolean>`exists (select 1 from members m
        where m.conversation = c.id and m.person = ${person} and m.left_at_place is null)`
      let query = db
        .withTables<Tables>()
        .selectFrom('conversations as c')
        .selectAll()
        .select(inIt.as('joined'))
        .where('c.kind', '=', 'channel')
      if (after !== '') query = query.where(name, '>', after.toLowerCase())
      if (!every) query = query.where(sql<SqlBool>`(coalesce((c.details->>'listed')::boolean, true) or ${inIt})`)
      if (find !== '') {
        const pattern = `%${find.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`
        query = query.where(sql<SqlBool>`(${name} like ${pattern} or lower(c.details->>'topic') like ${pattern})`)
      }
      const rows = await query.orderBy(name).limit(limit).execute()
      return rows.map((row) => ({ ...toConversation(row), joined: row.joined }))
    },
  }
}

async function findConversation(db: Db | Tx, conversation: ConversationId): Promise<Conversation | undefined> {
  const row = await db
    .withTables<Tables>()
    .selectFrom('conversations')
    .selectAll()
    .where('id', '=', conversation)
    .executeTakeFirst()
  return row && toConversation(row)
}

async function findPair(db: Db | Tx, one: PersonId, other: PersonId): Promise<ConversationId | undefined> {
  const [first, second] = sorted(one, other)
  const row = await db
    .withTables<Tables>()
    .selectFrom('conversations')
    .select('id')
    .where('first_person', '=', first)
    .where('second_person', '=', second)
    .executeTakeFirst()
  return row?.id
}

/** The lower id first, as the pair of a thread is stored. */
function sorted(one: PersonId, other: PersonId): readonly [PersonId, PersonId] {
  return one < other ? [one, other] : [other, one]
}

const forGood: SeatTerms = { role: 'member', fromNow: false, until: null }

async function memberIds(db: Db | Tx, conversation: ConversationId): Promise<PersonId[]> {
  const rows = await db
    .withTables<Tables>()
    .selectFrom('members')
    .select('person')
    .where('conversation', '=', conversation)
    .where('left_at_place', 'is', null)
    .orderBy('person')
    .execute()
  return rows.map((row) => row.person)
}

/** Where a person was in a conversation before and comes back, they read on from where they come in, and their silence goes on. */
async function insertMember(
  tx: Tx,
  conversation: ConversationId,
  person: PersonId,
  role: MemberRole,
  joinedAt: number,
  until: Date | null = null,
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
      silenced_until: null,
      last_post_at: null,
      seated_until: until,
      banned_until: null,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['conversation', 'person'])
        .doUpdateSet({ left_at_place: null, joined_at_place: joinedAt, role, seated_until: until, banned_until: null })
        .where('members.left_at_place', 'is not', null),
    )
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** Two channels never have the same name, whatever the case of its letters. Waits for others that want it. */
async function claimName(tx: Tx, name: string | null): Promise<void> {
  if (name === null) throw new AppError('invalid_input', 'name')
  await takeTurn(tx, `channel ${name.toLowerCase()}`)
  const taken = await tx
    .withTables<Tables>()
    .selectFrom('conversations')
    .select('id')
    .where('kind', '=', 'channel')
    .where(sql<string>`lower(details->>'name')`, '=', sql<string>`lower(${name})`)
    .executeTakeFirst()
  if (taken) throw new AppError('name_taken', 'name')
}

function sameName(one: string, other: string | null): boolean {
  return one.toLowerCase() === other?.toLowerCase()
}

const ranks = { member: 1, moderator: 2, owner: 3 } as const
const nobody = 9

/** The details, and the part of them that the append judges by. */
function columnsOf(details: Details) {
  return {
    details: JSON.stringify(details) as unknown as Details,
    post_rank: details.closed ? nobody : ranks[details.rights.post],
    slow_seconds: details.slowSeconds,
  }
}

function toConversation(row: Tables['conversations']): Conversation {
  const { id, kind, policy, head, created_at, first_person, second_person, member_count } = row
  return {
    id,
    kind,
    policy,
    details: { ...defaultDetails[kind], ...row.details },
    pair: [first_person, second_person],
    head,
    members: member_count,
    createdAt: created_at,
  }
}
