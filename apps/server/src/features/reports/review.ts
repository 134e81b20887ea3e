import {
  AppError,
  applyEntry,
  emptyView,
  type Input,
  type PersonId,
  type PersonRef,
  type Reply,
  type Report,
  type ReportId,
} from '@sotto/protocol'
import { listPeople } from '#features/people'
import type { Db, Tx } from '#platform/database'
import type { Platform, WriteContext } from '#platform/feature'
import { belongsTo, type Content } from './file.ts'
import { decidedAbout, findReport, listReports, type ReportRow } from './store.ts'

/** Entries shown before and after a reported message. */
const aroundIt = 5
const earlierShown = 20

export async function list(
  context: WriteContext<'signed_in'>,
  { state, after, limit = 50 }: Input<'reports.list'>,
): Promise<Reply<'reports.list'>> {
  const { tx, audit } = context
  audit.record(context, { action: 'report.listed', detail: { state } })
  const rows = await listReports(tx, { state, after, limit: limit + 1 })
  const reports = await Promise.all(rows.slice(0, limit).map((row) => toReport(context, row)))
  const people = await namesOf(tx, reports.flatMap(peopleIn))
  return { reports, people, next: rows.length > limit ? (reports.at(-1)?.id ?? null) : null }
}

export async function get(
  context: WriteContext<'signed_in'>,
  { report: id }: Input<'reports.get'>,
): Promise<Reply<'reports.get'>> {
  const { tx, sealing, audit } = context
  const row = await findReport(tx, id)
  if (!row) throw new AppError('not_found', 'report')
  const { person, conversation } = row
  const content: Content = JSON.parse(String(await sealing.open(person, belongsTo(id), row.content)))
  audit.record(context, { action: 'report.read', conversation, person, detail: { report: id } })
  const report = await toReport(context, row)
  const around = await readAround(context, row)
  const earlier = await Promise.all(
    (await decidedAbout(tx, person, id, earlierShown)).map((one) => toReport(context, one)),
  )
  const people = await namesOf(tx, [...[report, ...earlier].flatMap(peopleIn), ...around.map(({ sender }) => sender)])
  return { report, ...content, around, earlier, people }
}

const peopleIn = ({ person, reporter, decided }: Report) => [person, reporter, decided?.by ?? null]

async function namesOf(db: Db | Tx, ids: readonly (PersonId | null)[]): Promise<PersonRef[]> {
  const among = [...new Set(ids)].filter((id) => id !== null)
  const people = await listPeople(db, { prefix: '', after: '', limit: among.length, among })
  return people.map(({ id, name, displayName }) => ({ person: id, name, displayName }))
}

/** As it is in the log now, edits applied; nothing where the conversation is gone. */
async function readAround({ tx, log }: WriteContext, { conversation, message: id }: ReportRow) {
  const message = id && (await log.findMessage(tx, conversation, id))
  if (!message) return []
  const [from, to] = [Math.max(1, message.place - aroundIt), message.place + aroundIt]
  const entries = await log.page({ conversation, from, to, limit: 2 * aroundIt + 1, newest: false }, tx)
  const about = await log.about([{ entries, to, head: Number.MAX_SAFE_INTEGER }], tx)
  return [...entries, ...about].reduce(applyEntry, emptyView).messages.map((shown) => ({
    id: shown.id,
    place: shown.place,
    sender: shown.sender,
    at: shown.at,
    text: shown.body.text,
    edited: shown.editedAt !== null,
    deleted: shown.deleted,
  }))
}

export async function toReport({ sealing }: Pick<Platform, 'sealing'>, row: ReportRow): Promise<Report> {
  const { id, at, reporter, person, conversation, message, reason } = row
  return {
    ...{ id, at: at.toISOString(), reporter, person, conversation, message, reason },
    decided:
      row.decision && row.decided_by && row.decided_at && row.decided_note
        ? {
            decision: row.decision,
            by: row.decided_by,
            at: row.decided_at.toISOString(),
            note: String(await sealing.open(person, noteOf(id), row.decided_note)),
            until: row.decided_until?.toISOString() ?? null,
          }
        : null,
  }
}

/** What the note of a decision is bound to. */
export const noteOf = (report: ReportId) => `decision ${report}`
