import { randomUUIDv7 } from 'node:crypto'
import {
  AppError,
  type ConversationId,
  type EntryId,
  type Evidence,
  type Input,
  type PersonId,
  type Reply,
  type Report,
  type ReportId,
} from '@sotto/protocol'
import type { AfterCommit, Tx } from '#platform/database'
import type { Platform, WriteContext } from '#platform/feature'
import { readKept } from './kept.ts'
import { insertReport } from './store.ts'

/** What is sealed of a report. */
export interface Content {
  readonly note: string
  /** Null in a report of a person. */
  readonly evidence: Evidence | null
}

type Writing = Platform & { readonly tx: Tx; readonly after: AfterCommit }

export const belongsTo = (report: ReportId) => `report ${report}`

/** Somebody reports what they can read: to anybody else it does not exist. */
export async function make(
  context: WriteContext<'conversation_member'>,
  { conversation, message, person, reason, note = '' }: Input<'reports.make'>,
): Promise<Reply<'reports.make'>> {
  const { tx, log, actor, audit } = context
  if (person === actor.person) throw new AppError('invalid_input', 'person')
  const evidence = message ? await readEvidence(context, conversation, message, person) : null
  if (!message && (await log.findMembers(tx, conversation, [person])).length === 0)
    throw new AppError('not_found', 'person')
  const { id: report, fresh } = await file(context, {
    reporter: actor.person,
    person,
    conversation,
    message: message ?? null,
    reason,
    content: { note, evidence },
  })
  if (fresh) audit.record(context, { action: 'report.made', conversation, person, detail: { report, reason } })
  return { report }
}

/** The word filter reports a message that it lets pass. */
export async function fileWords(
  context: Writing,
  found: { conversation: ConversationId; message: EntryId; sender: PersonId; text: string },
): Promise<void> {
  const { conversation, message, sender: person, text } = found
  const content = { note: '', evidence: { text, deleted: null } }
  const { id: report } = await file(context, {
    reporter: null,
    person,
    conversation,
    message,
    reason: 'words',
    content,
  })
  const detail = { report, reason: 'words' }
  context.audit.record({ ...context, actor: null }, { action: 'report.made', conversation, person, detail })
}

async function readEvidence(
  context: WriteContext<'conversation_member'>,
  conversation: ConversationId,
  id: EntryId,
  person: PersonId,
): Promise<Evidence> {
  const { tx, log, actor } = context
  const message = await log.findMessage(tx, conversation, id)
  const seat = await log.findSeat(conversation, actor.person, tx)
  if (!message || !seat || message.place < seat.floor || message.sender !== person)
    throw new AppError('not_found', 'message')
  const { deleted } = message
  return { text: deleted ? await readKept(context, conversation, id) : message.text, deleted }
}

async function file(
  { tx, sealing, clock }: Writing,
  report: Pick<Report, 'reporter' | 'person' | 'conversation' | 'message' | 'reason'> & { content: Content },
): Promise<{ id: ReportId; fresh: boolean }> {
  const id = randomUUIDv7() as ReportId
  const content = await sealing.seal(report.person, belongsTo(id), Buffer.from(JSON.stringify(report.content)))
  return insertReport(tx, { ...report, id, at: clock.now(), content })
}
