import { randomUUIDv7 } from 'node:crypto'
import { AppError, type ClientId, type Input, type ModerationNotice, type PersonId, type Reply } from '@sotto/protocol'
import { exit } from '#features/conversations'
import { takeOut } from '#features/messages'
import { lockReport, noteOf, type ReportRow, toReport, updateReport } from '#features/reports'
import { suspendPerson } from '#features/sessions'
import type { WriteContext } from '#platform/feature'

type Writing = WriteContext<'signed_in'>

/** Decides a report, does what was decided and tells both sides, all or nothing. Of two who decide at once, one is told. */
export async function decide(
  context: Writing,
  { report: id, decision, note = '', until }: Input<'reports.decide'>,
): Promise<Reply<'reports.decide'>> {
  const { tx, sealing, clock, actor, audit } = context
  const row = await lockReport(tx, id)
  if (!row) throw new AppError('not_found', 'report')
  if (row.decision) throw new AppError('conflict', 'decided')
  const { person, conversation } = row
  if (person === actor.person) throw new AppError('forbidden', 'about oneself')
  const end = until === undefined ? null : new Date(until)
  if (decision === 'message_deleted') await deleteReported(context, row, note)
  else if (decision === 'removed') await remove(context, row, end)
  else if (decision === 'suspended') await suspend(context, person, end, note)
  const now = clock.now()
  const decided = {
    decision,
    decided_by: actor.person,
    decided_at: now,
    decided_until: end,
    decided_note: await sealing.seal(person, noteOf(id), Buffer.from(note)),
  }
  await updateReport(tx, id, decided)
  audit.record(context, { action: 'report.decided', conversation, person, detail: { report: id, decision } })
  await tell(context, row, { report: id, decision, text: note, at: now.toISOString() })
  return { report: await toReport(context, { ...row, ...decided }) }
}

async function deleteReported(context: Writing, { conversation, message: id }: ReportRow, reason: string) {
  const { tx, log, actor } = context
  if (!id) throw new AppError('invalid_input', 'the report is of no message')
  await log.lock(tx, conversation)
  const message = await log.findMessage(tx, conversation, id)
  if (!message) throw new AppError('not_found', 'message')
  if (message.deleted) return
  const clientId = randomUUIDv7() as ClientId
  await takeOut(context, conversation, message, { by: 'moderator', actor, clientId, reason })
}

/** Somebody who is out already stays out; nobody takes out the last owner. */
async function remove(context: Writing, { conversation, person }: ReportRow, bannedUntil: Date | null) {
  const { tx, log, clock, actor } = context
  if (bannedUntil && bannedUntil <= clock.now()) throw new AppError('invalid_input', 'until')
  const { kind, members } = await log.lock(tx, conversation)
  if (kind === 'thread') throw new AppError('invalid_input', 'a thread is of two')
  const [them] = await log.findMembers(tx, conversation, [person])
  if (them?.role === 'owner' && members > 1 && (await log.countOwners(tx, conversation)) < 2)
    throw new AppError('conflict', 'the last owner')
  await exit(context, conversation, person, actor, bannedUntil ?? undefined)
}

async function suspend(context: Writing, person: PersonId, until: Date | null, reason: string) {
  if (!context.permissions.includes('people.manage')) throw new AppError('forbidden', 'people.manage')
  await suspendPerson(context, person, until, reason)
}

/** A report that was dismissed is no business of whom it was about. */
async function tell({ tx, after, board }: Writing, row: ReportRow, notice: Omit<ModerationNotice, 'kind'>) {
  const key = `notice/${notice.report}`
  const told: { person: PersonId; key: string; value: ModerationNotice }[] = []
  if (row.reporter) told.push({ person: row.reporter, key, value: { kind: 'your_report', ...notice } })
  if (notice.decision !== 'dismissed') told.push({ person: row.person, key, value: { kind: 'about_you', ...notice } })
  await board.putEach(tx, after, told)
}
