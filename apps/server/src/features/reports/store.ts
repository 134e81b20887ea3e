import type { ConversationId, Decision, EntryId, PersonId, Report, ReportId } from '@sotto/protocol'
import type { Db, Tx } from '#platform/database'

type Tables = {
  kept_messages: {
    message: EntryId
    conversation: ConversationId
    sender: PersonId
    deleted_by: PersonId
    at: Date
    content: Buffer
  }
  reports: {
    id: ReportId
    at: Date
    reporter: PersonId | null
    person: PersonId
    conversation: ConversationId
    message: EntryId | null
    reason: Report['reason']
    content: Buffer
    decision: Decision | null
    decided_by: PersonId | null
    decided_at: Date | null
    decided_until: Date | null
    decided_note: Buffer | null
  }
}
export type ReportRow = Tables['reports']

export async function insertKept(tx: Tx, kept: Tables['kept_messages']): Promise<void> {
  await tx.withTables<Tables>().insertInto('kept_messages').values(kept).execute()
}

export async function findKept(tx: Tx, message: EntryId): Promise<Buffer | undefined> {
  const row = await tx
    .withTables<Tables>()
    .selectFrom('kept_messages')
    .select('content')
    .where('message', '=', message)
    .executeTakeFirst()
  return row?.content
}

/** Gives the id of the open report that the person has made of the message before, where there is one. */
export async function insertReport(
  tx: Tx,
  report: Pick<ReportRow, 'id' | 'at' | 'reporter' | 'person' | 'conversation' | 'message' | 'reason' | 'content'>,
): Promise<{ id: ReportId; fresh: boolean }> {
  const tables = tx.withTables<Tables>()
  const row = await tables
    .insertInto('reports')
    .values({
      ...report,
      decision: null,
      decided_by: null,
      decided_at: null,
      decided_until: null,
      decided_note: null,
    })
    .onConflict((conflict) => conflict.columns(['reporter', 'message']).where('decision', 'is', null).doNothing())
    .returning('id')
    .executeTakeFirst()
  if (row) return { id: row.id, fresh: true }
  const earlier = await tables
    .selectFrom('reports')
    .select('id')
    .where('reporter', '=', report.reporter)
    .where('message', '=', report.message)
    .where('decision', 'is', null)
    .executeTakeFirstOrThrow()
  return { id: earlier.id, fresh: false }
}

export async function listReports(
  db: Db | Tx,
  page: { state: 'open' | 'decided'; after: ReportId | undefined; limit: number },
): Promise<ReportRow[]> {
  const { state, after, limit } = page
  const isOpen = state === 'open'
  let query = db
    .withTables<Tables>()
    .selectFrom('reports')
    .selectAll()
    .where('decision', isOpen ? 'is' : 'is not', null)
  if (after) query = query.where('id', isOpen ? '>' : '<', after)
  return query
    .orderBy('id', isOpen ? 'asc' : 'desc')
    .limit(limit)
    .execute()
}

export async function findReport(tx: Tx, id: ReportId): Promise<ReportRow | undefined> {
  return tx.withTables<Tables>().selectFrom('reports').selectAll().where('id', '=', id).executeTakeFirst()
}

/** Locked until the transaction ends. */
export async function lockReport(tx: Tx, id: ReportId): Promise<ReportRow | undefined> {
  return tx.withTables<Tables>().selectFrom('reports').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

/** What was decided about a person, newest first. */
export async function decidedAbout(tx: Tx, person: PersonId, except: ReportId, limit: number): Promise<ReportRow[]> {
  return tx
    .withTables<Tables>()
    .selectFrom('reports')
    .selectAll()
    .where('person', '=', person)
    .where('id', '!=', except)
    .where('decision', 'is not', null)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

export async function updateReport(
  tx: Tx,
  id: ReportId,
  decided: Pick<ReportRow, 'decision' | 'decided_by' | 'decided_at' | 'decided_until' | 'decided_note'>,
): Promise<void> {
  await tx.withTables<Tables>().updateTable('reports').set(decided).where('id', '=', id).execute()
}
