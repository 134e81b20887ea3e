import type {
  ClientId,
  ConversationId,
  ConversationKind,
  Details,
  Entry,
  PersonId,
  Policy,
  SessionId,
} from '@sotto/protocol'
import { AppError, completeDetails } from '@sotto/protocol/pure'
import type { AfterCommit, Db, Tx } from '#platform/database'
import type { Tables } from './tables.ts'

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

/** Who does something to a conversation: the sender of the entry that says so. */
export interface Doer {
  readonly person: PersonId
  readonly session: SessionId | null
}

/** An entry that says what was changed about a conversation. */
export type News = Pick<
  Extract<Entry, { kind: 'created' | 'joined' | 'left' | 'role' | 'changed' | 'silenced' }>,
  'kind' | 'body'
> & { readonly conversation: ConversationId; readonly by: Doer; readonly clientId?: ClientId }

/** Appends what is to be said about a change, in its transaction. */
export type AppendNews = (tx: Tx, after: AfterCommit, news: readonly News[]) => Promise<void>

export async function findConversation(db: Db | Tx, conversation: ConversationId): Promise<Conversation | undefined> {
  const row = await db
    .withTables<Tables>()
    .selectFrom('conversations')
    .selectAll()
    .where('id', '=', conversation)
    .executeTakeFirst()
  return row && toConversation(row)
}

/** Locks a conversation until the transaction ends. Throws `not_found`. */
export async function lockConversation(tx: Tx, conversation: ConversationId): Promise<Conversation> {
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

const ranks = { member: 1, moderator: 2, owner: 3 } as const
const nobody = 9

/** The details, and the part of them that the append judges by. */
export function columnsOf(details: Details) {
  return {
    details: JSON.stringify(details) as unknown as Details,
    post_rank: details.closed ? nobody : ranks[details.rights.post],
    pin_rank: details.closed ? nobody : ranks[details.rights.pin],
    slow_seconds: details.slowSeconds,
  }
}

export function toConversation(row: Tables['conversations']): Conversation {
  const { id, kind, policy, head, created_at, first_person, second_person, member_count } = row
  return {
    id,
    kind,
    policy,
    details: completeDetails(kind, row.details),
    pair: [first_person, second_person],
    head,
    members: member_count,
    createdAt: created_at,
  }
}
