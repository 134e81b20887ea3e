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

/** Some who are due with one message to many; others take others meanwhile. */
export async function takeDue(
  tx: Tx,
  now: Date,
  limit: number,
): Promise<{ bulk: Pick<BulkRow, 'id' | 'sender' | 'session' | 'text'>; recipients: RecipientRow[] } | undefined> {
  const tables = tx.withTables<Tables>()
  const due = tables
    .selectFrom('bulk_recipients')
    .selectAll()
    .where('state', '=', 'waiting')
    .where('due_at', '<=', now)
    .forUpdate()
    .skipLocked()
  const first = await due.orderBy('due_at').orderBy('bulk').orderBy('person').limit(1).executeTakeFirst()
  if (!first) return undefined
  const recipients = await due.where('bulk', '=', first.bulk).orderBy('person').limit(limit).execute()
  const bulk = await tables.selectFrom('bulks').selectAll().where('id', '=', first.bulk).executeTakeFirstOrThrow()
  return { bulk, recipients }
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

/** What became of recipients of one message to many. Only while they wait: what was settled stays. */
export async function settle(
  tx: Tx,
  bulk: BulkId,
  outcomes: readonly Pick<RecipientRow, 'person' | 'state' | 'due_at' | 'why' | 'conversation' | 'place'>[],
): Promise<void> {
  await sql`update bulk_recipients r
    set state = w.state, due_at = w.due_at, why = w.why, conversation = w.conversation, place = w.place
    from unnest(${outcomes.map((one) => one.person)}::uuid[], ${outcomes.map((one) => one.state)}::text[],
      ${outcomes.map((one) => one.due_at)}::timestamptz[], ${outcomes.map((one) => one.why)}::text[],
      ${outcomes.map((one) => one.conversation)}::uuid[], ${outcomes.map((one) => one.place)}::bigint[])
      as w(person, state, due_at, why, conversation, place)
    where r.bulk = ${bulk} and r.person = w.person and r.state = 'waiting'`.execute(tx)
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
