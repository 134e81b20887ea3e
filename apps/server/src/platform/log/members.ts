import type { ConversationId, MemberRole, PersonId } from '@sotto/protocol'
import { AppError } from '@sotto/protocol/pure'
import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Bus } from '#platform/bus'
import type { Clock } from '#platform/clock'
import type { AfterCommit, Db, Tx } from '#platform/database'
import { type AppendNews, type Doer, lockConversation } from './conversation.ts'
import type { Tables } from './tables.ts'

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

/** Who is in a conversation, as what, from which place on and until when. Changes take the conversation’s lock and append what they are. */
export interface Members {
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
  unseat(tx: Tx, after: AfterCommit, conversation: ConversationId, person: PersonId, by: Doer): Promise<boolean>
  /** Keeps somebody who is out from coming back until then; a longer ban stays. False where they were never in. */
  ban(tx: Tx, conversation: ConversationId, person: PersonId, until: Date): Promise<boolean>
  /** Who was taken out and may not come back at this time; with `only`, whether that one. */
  bans(
    db: Db | Tx,
    conversation: ConversationId,
    now: Date,
    only?: PersonId,
  ): Promise<{ person: PersonId; until: Date }[]>
  /** False where there was none. */
  liftBan(tx: Tx, conversation: ConversationId, person: PersonId): Promise<boolean>
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
  memberIds(db: Db | Tx, conversation: ConversationId): Promise<PersonId[]>
  /** The same as a part of another query, for conversations of many. */
  membersOf(conversation: ConversationId): RawBuilder<PersonId>
  findMembers(db: Db | Tx, conversation: ConversationId, people: readonly PersonId[]): Promise<MemberState[]>
  countOwners(db: Db | Tx, conversation: ConversationId): Promise<number>
  /** Those who have read up to their place, as far as they share that. */
  haveRead(
    db: Db | Tx,
    places: readonly { person: PersonId; conversation: ConversationId; place: number }[],
  ): Promise<ReadonlySet<PersonId>>
  /** The people with whom a person shares a conversation, at most `limit`. */
  companions(db: Db | Tx, person: PersonId, limit: number): Promise<PersonId[]>
  /**
   * Those of these people with whom a person has a conversation, also those who have left it since the person came: their words are
   * in it.
   */
  companionsAmong(db: Db | Tx, person: PersonId, among: readonly PersonId[]): Promise<PersonId[]>
}

export function openMembers(bus: Bus, clock: Clock, append: AppendNews): Members {
  /** Who is in it and whose seat has not run out. */
  function isSeated(alias: 'mine' | 'theirs'): RawBuilder<SqlBool> {
    const [left, until] = [sql.ref(`${alias}.left_at_place`), sql.ref(`${alias}.seated_until`)]
    return sql`(${left} is null and (${until} is null or ${until} > ${clock.now()}))`
  }

  /** Everybody who is or was in a conversation in which a person sits. */
  function sharing(db: Db | Tx, person: PersonId) {
    return db
      .withTables<Tables>()
      .selectFrom('members as mine')
      .innerJoin('members as theirs', 'theirs.conversation', 'mine.conversation')
      .select('theirs.person')
      .distinct()
      .where('mine.person', '=', person)
      .where(isSeated('mine'))
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
    change: Partial<Pick<Tables['members'], 'role' | 'silenced_until' | 'left_at_place' | 'seated_until'>>,
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
    async seat(tx, after, conversation, person, by, { role, fromNow, until } = forGood) {
      const { details, head } = await lockConversation(tx, conversation)
      const from = details.history === 'all' && !fromNow ? 1 : head + 1
      if (!(await insertMember(tx, conversation, person, role, from, until))) return false
      const members = await countMembers(tx, conversation, 1)
      after(() => bus.publish({ kind: 'seat', person, conversation, seated: true }))
      const body = { person, members, ...(role !== 'member' && { role }) }
      await append(tx, after, [{ conversation, by, kind: 'joined', body }])
      return true
    },

    async seatUntil(tx, conversation, person, until) {
      await updateMember(tx, conversation, person, { seated_until: until })
    },

    async unseat(tx, after, conversation, person, by) {
      const { head } = await lockConversation(tx, conversation)
      if (!(await updateMember(tx, conversation, person, { left_at_place: head + 1 }))) return false
      const members = await countMembers(tx, conversation, -1)
      // Before the entry is announced: who is out hears nothing any more.
      after(() => bus.publish({ kind: 'seat', person, conversation, seated: false }))
      await append(tx, after, [{ conversation, by, kind: 'left', body: { person, members } }])
      return true
    },

    async setRole(tx, after, conversation, person, role, by) {
      await lockConversation(tx, conversation)
      if (!(await updateMember(tx, conversation, person, { role }))) throw new AppError('not_found', 'person')
      await append(tx, after, [{ conversation, by, kind: 'role', body: { person, role } }])
    },

    async silence(tx, after, conversation, person, until, by) {
      await lockConversation(tx, conversation)
      if (!(await updateMember(tx, conversation, person, { silenced_until: until })))
        throw new AppError('not_found', 'person')
      const body = { person, until: until ? until.toISOString() : null }
      await append(tx, after, [{ conversation, by, kind: 'silenced', body }])
    },

    memberIds,
    membersOf: (conversation) =>
      sql<PersonId>`(select person from members where conversation = ${conversation} and left_at_place is null)`,

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

    async ban(tx, conversation, person, until) {
      const { numUpdatedRows } = await tx
        .withTables<Tables>()
        .updateTable('members')
        .set({ banned_until: sql`greatest(banned_until, ${until}::timestamptz)` })
        .where('conversation', '=', conversation)
        .where('person', '=', person)
        .where('left_at_place', 'is not', null)
        .executeTakeFirst()
      return numUpdatedRows === 1n
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

    async haveRead(db, places) {
      const { rows } = await sql<{ person: PersonId }>`select m.person from members m
        join unnest(${places.map((one) => one.person)}::uuid[], ${places.map((one) => one.conversation)}::uuid[],
          ${places.map((one) => one.place)}::bigint[]) as w(person, conversation, place)
          on w.conversation = m.conversation and w.person = m.person
        where m.shown_read_place >= w.place`.execute(db)
      return new Set(rows.map((row) => row.person))
    },

    async companions(db, person, limit) {
      const rows = await sharing(db, person)
        .where(isSeated('theirs'))
        .where('theirs.person', '!=', person)
        .limit(limit)
        .execute()
      return rows.map((row) => row.person)
    },

    async companionsAmong(db, person, among) {
      if (among.length === 0) return []
      const rows = await sharing(db, person)
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
  }
}

const forGood: SeatTerms = { role: 'member', fromNow: false, until: null }

export async function memberIds(db: Db | Tx, conversation: ConversationId): Promise<PersonId[]> {
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

export function newMember(
  conversation: ConversationId,
  person: PersonId,
  role: MemberRole,
  joinedAt: number,
  until: Date | null = null,
): Tables['members'] {
  return {
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
  }
}

/** Where a person was in a conversation before and comes back, they read on from where they come in, and their silence goes on. */
export async function insertMember(
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
    .values(newMember(conversation, person, role, joinedAt, until))
    .onConflict((conflict) =>
      conflict
        .columns(['conversation', 'person'])
        .doUpdateSet({ left_at_place: null, joined_at_place: joinedAt, role, seated_until: until, banned_until: null })
        .where('members.left_at_place', 'is not', null),
    )
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}
