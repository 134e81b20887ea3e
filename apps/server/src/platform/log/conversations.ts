import { randomUUIDv7 } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { ClientId, ConversationId, ConversationKind, Details, PersonId, Policy } from '@sotto/protocol'
import { AppError, defaultDetails } from '@sotto/protocol/pure'
import { type SqlBool, sql } from 'kysely'
import type { Bus } from '#platform/bus'
import type { Clock } from '#platform/clock'
import { type AfterCommit, type Db, type Tx, takeTurn } from '#platform/database'
import {
  type AppendNews,
  type Conversation,
  columnsOf,
  type Doer,
  findConversation,
  lockConversation,
  toConversation,
} from './conversation.ts'
import { insertMember, memberIds } from './members.ts'
import type { Tables } from './tables.ts'

export interface NewConversation {
  readonly kind: ConversationKind
  readonly policy: Policy
  /** What differs from the defaults of the kind. */
  readonly details?: Partial<Details>
  readonly clientId: ClientId
}

/**
 * Conversations and how they are run. Everything that changes one takes its row's lock first and appends the entry that says so, in the same
 * transaction: the log alone tells the whole story.
 */
export interface Conversations {
  /** Makes a conversation with its owner, whose `created` entry is the first. A channel's name that is in use is a `name_taken`. */
  create(tx: Tx, after: AfterCommit, by: Doer, wanted: NewConversation): Promise<Conversation>
  /** Locks a conversation until the transaction ends. Throws `not_found`. */
  lock(tx: Tx, conversation: ConversationId): Promise<Conversation>
  /** While a thread is blocked, neither of the two writes in it. */
  setBlocked(tx: Tx, conversation: ConversationId, blocked: boolean): Promise<void>
  change(tx: Tx, after: AfterCommit, conversation: ConversationId, change: Partial<Details>, by: Doer): Promise<Details>
  /** Deletes a conversation with everything in it; resolves with those who were members. */
  destroy(tx: Tx, after: AfterCommit, conversation: ConversationId): Promise<PersonId[]>

  findConversation(db: Db | Tx, conversation: ConversationId): Promise<Conversation | undefined>
  /** The conversation of a kind that somebody has made with a client id. Throws `conflict` where they used it for anything else. */
  findMade(
    db: Db | Tx,
    kind: ConversationKind,
    sender: PersonId,
    clientId: ClientId,
  ): Promise<ConversationId | undefined>
  /** Channels by name: the listed ones and those the person is in; all of them with `every`. */
  channels(
    db: Db,
    page: { person: PersonId; every: boolean; find: string; after: string; limit: number },
  ): Promise<(Conversation & { joined: boolean })[]>
}

export function openConversations(bus: Bus, clock: Clock, append: AppendNews): Conversations {
  return {
    lock: lockConversation,

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
      await append(tx, after, [{ conversation: id, by, kind: 'created', body: { details }, clientId }])
      return { ...toConversation({ ...row, details }), head: 1 }
    },

    async change(tx, after, conversation, change, by) {
      // Names are claimed before conversations are locked, here and in `create`.
      const before = await findConversation(tx, conversation)
      if (before?.kind === 'channel' && change.name != null && !sameName(change.name, before.details.name))
        await claimName(tx, change.name)
      const { details: earlier } = await lockConversation(tx, conversation)
      const details = { ...earlier, ...change }
      const fields = (Object.keys(details) as (keyof Details)[]).filter(
        (field) => !isDeepStrictEqual(details[field], earlier[field]),
      )
      await tx
        .withTables<Tables>()
        .updateTable('conversations')
        .set(columnsOf(details))
        .where('id', '=', conversation)
        .execute()
      await append(tx, after, [{ conversation, by, kind: 'changed', body: { details, fields } }])
      return details
    },

    async destroy(tx, after, conversation) {
      await lockConversation(tx, conversation)
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

    findConversation,

    async findMade(db, kind, sender, clientId) {
      const row = await db
        .withTables<Tables>()
        .selectFrom('entries as e')
        .innerJoin('conversations as c', 'c.id', 'e.conversation')
        .select(['e.conversation', 'e.kind as entry_kind', 'c.kind'])
        .where('e.sender', '=', sender)
        .where('e.client_id', '=', clientId)
        .executeTakeFirst()
      if (row && (row.entry_kind !== 'created' || row.kind !== kind)) throw new AppError('conflict', 'client id')
      return row?.conversation
    },

    async setBlocked(tx, conversation, blocked) {
      await tx
        .withTables<Tables>()
        .updateTable('conversations')
        .set({ blocked })
        .where('id', '=', conversation)
        .execute()
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
