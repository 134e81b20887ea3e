import { randomUUIDv7 } from 'node:crypto'
import type { ConversationId, PersonId, Policy } from '@sotto/protocol'
import { defaultDetails } from '@sotto/protocol/pure'
import { sql } from 'kysely'
import type { Bus } from '#platform/bus'
import type { Clock } from '#platform/clock'
import { type AfterCommit, type Db, type Tx, takeTurns } from '#platform/database'
import { type AppendNews, type Conversation, columnsOf, type Doer, type News, toConversation } from './conversation.ts'
import { newMember } from './members.ts'
import type { Tables } from './tables.ts'

export interface SupervisedThread {
  readonly id: ConversationId
  readonly pair: readonly PersonId[]
  readonly supervisors: readonly { readonly person: PersonId; readonly until: Date | null }[]
}

/** The conversations of two: one per pair, for ever. */
export interface Threads {
  /** Takes the right to make the thread of these two for the rest of the transaction, and gives the id of the one they have. */
  lockPair(tx: Tx, one: PersonId, other: PersonId): Promise<ConversationId | undefined>
  /** The same for the threads of a person with several others. Those with whom there is none yet are not in the answer. */
  lockPairs(tx: Tx, one: PersonId, others: readonly PersonId[]): Promise<ReadonlyMap<PersonId, ConversationId>>
  /** The threads of a person with those of these people with whom there is one. */
  findPairs(db: Db | Tx, one: PersonId, others: readonly PersonId[]): Promise<ReadonlyMap<PersonId, ConversationId>>
  /**
   * Gives the free seat of a thread, under its lock, and the policy that is decided now that the two are known. False where it was not free.
   * The pair must have no thread yet: see `lockPair`.
   */
  fillPair(tx: Tx, conversation: ConversationId, person: PersonId, policy: Policy): Promise<boolean>
  /** The supervised threads of these people, or all of them, with those who read along. */
  supervisedThreads(db: Db | Tx, which: readonly PersonId[] | ConversationId | 'all'): Promise<SupervisedThread[]>
  /** Makes a thread with each of these people, who must have none yet: see `lockPairs`. In their order. */
  createThreads(
    tx: Tx,
    after: AfterCommit,
    by: Doer,
    wanted: readonly { with: PersonId; policy: Policy }[],
  ): Promise<(Conversation & { with: PersonId })[]>
}

export function openThreads(bus: Bus, clock: Clock, append: AppendNews): Threads {
  async function lockPairs(tx: Tx, one: PersonId, others: readonly PersonId[]) {
    await takeTurns(
      tx,
      others.map((other) => `thread ${sorted(one, other).join(' ')}`),
    )
    return findPairs(tx, one, others)
  }

  return {
    lockPair: async (tx, one, other) => (await lockPairs(tx, one, [other])).get(other),
    lockPairs,
    findPairs,

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

    async createThreads(tx, after, by, wanted) {
      if (wanted.length === 0) return []
      const details = defaultDetails.thread
      const threads = wanted.map(({ with: other, policy }) => {
        const [first_person, second_person] = sorted(by.person, other)
        const id = randomUUIDv7() as ConversationId
        const row = {
          id,
          kind: 'thread' as const,
          policy,
          first_person,
          second_person,
          head: 0,
          created_at: clock.now(),
        }
        return { other, row: { ...row, member_count: 2, blocked: false, ...columnsOf(details) } }
      })
      const tables = tx.withTables<Tables>()
      await tables
        .insertInto('conversations')
        .values(threads.map((thread) => thread.row))
        .execute()
      const members = threads.flatMap(({ other, row }) => [
        newMember(row.id, by.person, 'owner', 1),
        newMember(row.id, other, 'member', 1),
      ])
      await tables.insertInto('members').values(members).execute()
      after(() => {
        for (const { conversation, person } of members)
          bus.publish({ kind: 'seat', person, conversation, seated: true })
      })
      const news = threads.flatMap(({ other: person, row: { id: conversation } }): News[] => [
        { conversation, by, kind: 'created', body: { details } },
        { conversation, by: { person, session: null }, kind: 'joined', body: { person, members: 2 } },
      ])
      await append(tx, after, news)
      return threads.map(({ other, row }) => ({ ...toConversation({ ...row, details }), head: 2, with: other }))
    },
  }
}

async function findPairs(
  db: Db | Tx,
  one: PersonId,
  others: readonly PersonId[],
): Promise<ReadonlyMap<PersonId, ConversationId>> {
  const { rows } = await sql<{ id: ConversationId; other: PersonId }>`
    select id, case when first_person = ${one} then second_person else first_person end as other from conversations
    where (first_person = ${one} and second_person = any(${others}::uuid[]))
      or (second_person = ${one} and first_person = any(${others}::uuid[]))`.execute(db)
  return new Map(rows.map((row) => [row.other, row.id]))
}

/** The lower id first, as the pair of a thread is stored. */
function sorted(one: PersonId, other: PersonId): readonly [PersonId, PersonId] {
  return one < other ? [one, other] : [other, one]
}
