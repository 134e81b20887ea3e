import type { BulkId, BulkRecipient, ClientId, ConversationId, ErrorCode, PersonId, SessionId } from '@sotto/protocol'
import { sql } from 'kysely'
import type { Db, Tx } from '#platform/database'

type Tables = {
  bulks: {
    id: BulkId
    sender: PersonId
    session: SessionId
    client_id: ClientId
    text: Buffer
    created_at: Date
    cancelled_at: Date | null
  }
  bulk_recipients: {
    bulk: BulkId
    person: PersonId
    state: BulkRecipient['state']
    due_at: Date
    client_id: ClientId
    why: ErrorCode | null
    conversation: ConversationId | null
    place: number | null
  }
}
export type BulkRow = Tables['bulks']
export type RecipientRow = Tables['bulk_recipients']

export async function insertBulk(
  tx: Tx,
  bulk: Omit<BulkRow, 'cancelled_at'>,
  recipients: readonly { person: PersonId; clientId: ClientId }[],
): Promise<void> {
  await tx
    .withTables<Tables>()
    .insertInto('bulks')
    .values({ ...bulk, cancelled_at: null })
    .execute()
  await sql`insert into bulk_recipients (bulk, person, state, due_at, client_id)
    select ${bulk.id}, w.person, 'waiting', ${bulk.created_at}, w.client_id
    from unnest(${recipients.map((one) => one.person)}::uuid[], ${recipients.map((one) => one.clientId)}::uuid[])
      as w(person, client_id)`.execute(tx)
}

export async function findBulk(db: Db | Tx, sender: PersonId, which: { id: BulkId } | { clientId: ClientId }) {
  const query = db.withTables<Tables>().selectFrom('bulks').selectAll().where('sender', '=', sender)
  return (
    'id' in which ? query.where('id', '=', which.id) : query.where('client_id', '=', which.clientId)
  ).executeTakeFirst()
}

/** Newest first, below `before`. */
export async function listBulks(db: Db | Tx, sender: PersonId, before: BulkId | undefined, limit: number) {
  let query = db.withTables<Tables>().selectFrom('bulks').selectAll().where('sender', '=', sender)
  if (before) query = query.where('id', '<', before)
  return query.orderBy('id', 'desc').limit(limit).execute()
}

export async function listRecipients(
  db: Db | Tx,
  bulk: BulkId,
  people?: readonly PersonId[],
): Promise<Pick<RecipientRow, 'person' | 'state' | 'why' | 'conversation' | 'place' | 'due_at'>[]> {
  let query = db
    .withTables<Tables>()
    .selectFrom('bulk_recipients')
    .select(['person', 'state', 'why', 'conversation', 'place', 'due_at'])
    .where('bulk', '=', bulk)
  if (people) query = query.where('person', '=', sql<PersonId>`any(${people}::uuid[])`)
  return query.execute()
}

/** Takes somebody who is due, with what they are to get; others take others meanwhile. */
export async function takeDue(
  tx: Tx,
  now: Date,
): Promise<(RecipientRow & Pick<BulkRow, 'sender' | 'session' | 'text'>) | undefined> {
  const { rows } = await sql<RecipientRow & Pick<BulkRow, 'sender' | 'session' | 'text'>>`
    select r.*, b.sender, b.session, b.text from bulk_recipients r join bulks b on b.id = r.bulk
    where r.state = 'waiting' and r.due_at <= ${now} order by r.due_at, r.bulk, r.person
    limit 1 for update of r skip locked`.execute(tx)
  return rows[0]
}

/** When the next one is due; undefined where nobody waits. */
export async function nextDue(db: Db): Promise<Date | undefined> {
  const row = await db
    .withTables<Tables>()
    .selectFrom('bulk_recipients')
    .select('due_at')
    .where('state', '=', 'waiting')
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst()
  return row?.due_at
}

/** Only while they wait: what was settled stays. */
export async function settle(
  tx: Tx,
  { bulk, person }: Pick<RecipientRow, 'bulk' | 'person'>,
  change: Partial<Pick<RecipientRow, 'state' | 'due_at' | 'why' | 'conversation' | 'place'>>,
): Promise<void> {
  await tx
    .withTables<Tables>()
    .updateTable('bulk_recipients')
    .set(change)
    .where('bulk', '=', bulk)
    .where('person', '=', person)
    .where('state', '=', 'waiting')
    .execute()
}

/** Waits for those who are just getting theirs. How many were left. */
export async function cancelWaiting(tx: Tx, id: BulkId, now: Date): Promise<number> {
  const { numUpdatedRows } = await tx
    .withTables<Tables>()
    .updateTable('bulk_recipients')
    .set({ state: 'cancelled' })
    .where('bulk', '=', id)
    .where('state', '=', 'waiting')
    .executeTakeFirst()
  if (numUpdatedRows > 0n)
    await tx.withTables<Tables>().updateTable('bulks').set({ cancelled_at: now }).where('id', '=', id).execute()
  return Number(numUpdatedRows)
}
