import type { ConversationId, PersonId } from '@sotto/protocol'
import { sql } from 'kysely'
import type { Tx } from '#platform/database'

type Tables = {
  thread_invitations: { id: string; conversation: ConversationId; expires_at: Date; used_by: PersonId | null }
  seat_requests: { conversation: ConversationId; person: PersonId; at: Date }
}

export async function insertThreadInvitation(
  tx: Tx,
  id: string,
  conversation: ConversationId,
  expiresAt: Date,
): Promise<void> {
  await tx
    .withTables<Tables>()
    .insertInto('thread_invitations')
    .values({ id, conversation, expires_at: expiresAt, used_by: null })
    .execute()
}

/** Uses an invitation up. True again for the person who used it, false for everybody else after them. */
export async function useThreadInvitation(
  tx: Tx,
  id: string,
  conversation: ConversationId,
  person: PersonId,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .withTables<Tables>()
    .updateTable('thread_invitations')
    .set({ used_by: person })
    .where('id', '=', id)
    .where('conversation', '=', conversation)
    .where((row) => row.or([row('used_by', 'is', null), row('used_by', '=', person)]))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Keeps the newest requests of a person; the oldest give way beyond `keep`. */
export async function putSeatRequest(
  tx: Tx,
  conversation: ConversationId,
  person: PersonId,
  at: Date,
  keep: number,
): Promise<void> {
  const tables = tx.withTables<Tables>()
  await tables
    .insertInto('seat_requests')
    .values({ conversation, person, at })
    .onConflict((conflict) => conflict.columns(['conversation', 'person']).doUpdateSet({ at }))
    .execute()
  await sql`delete from seat_requests r where r.person = ${person} and r.at < (
    select min(k.at) from (select at from seat_requests where person = ${person} order by at desc limit ${keep}) k)`.execute(
    tables,
  )
}

export async function takeSeatRequest(tx: Tx, conversation: ConversationId, person: PersonId): Promise<boolean> {
  const { numDeletedRows } = await tx
    .withTables<Tables>()
    .deleteFrom('seat_requests')
    .where('conversation', '=', conversation)
    .where('person', '=', person)
    .executeTakeFirst()
  return numDeletedRows === 1n
}
