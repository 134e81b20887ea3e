import Type, { type Static } from 'typebox'
import { PersonRef } from './circles.ts'
import { command } from './define.ts'
import {
  ConversationId,
  EntryId,
  exactly,
  line,
  Nothing,
  nullable,
  oneOf,
  PersonId,
  Place,
  ReportId,
  Time,
} from './types.ts'

export const ReportReason = oneOf('spam', 'harassment', 'violence', 'self_harm', 'sexual', 'other')
export type ReportReason = Static<typeof ReportReason>

/** What a report can lead to, from nothing to the most. */
export const Decision = oneOf('dismissed', 'warned', 'message_deleted', 'removed', 'suspended')
export type Decision = Static<typeof Decision>

const Decided = exactly({ decision: Decision, by: PersonId, at: Time, note: Type.String(), until: nullable(Time) })

/** Somebody put a message, or a person, before the moderators. */
export const Report = exactly({
  id: ReportId,
  at: Time,
  /** Null where the word filter did. */
  reporter: nullable(PersonId),
  person: PersonId,
  conversation: ConversationId,
  message: nullable(EntryId),
  reason: oneOf('spam', 'harassment', 'violence', 'self_harm', 'sexual', 'other', 'words'),
  decided: nullable(Decided),
})
export type Report = Static<typeof Report>

/** What was reported, as it was at that time. */
export const Evidence = exactly({
  /** Null where nothing was left: its sender had deleted it. */
  text: nullable(Type.String()),
  /** Who had deleted it before it was reported. What a moderator deleted is still in `text`. */
  deleted: nullable(oneOf('sender', 'moderator')),
})
export type Evidence = Static<typeof Evidence>

const AroundIt = exactly({
  id: EntryId,
  place: Place,
  sender: PersonId,
  at: Time,
  text: Type.String(),
  edited: Type.Boolean(),
  deleted: nullable(oneOf('sender', 'moderator')),
})

/** What a decision is to somebody it concerns. Who has reported is not in it. */
export const ModerationNotice = exactly({
  kind: oneOf('your_report', 'about_you'),
  report: ReportId,
  decision: Decision,
  text: Type.String(),
  at: Time,
})
export type ModerationNotice = Static<typeof ModerationNotice>

const note = line(1000, 0)
/** Who those in the reply are: whoever moderates need not be able to find them otherwise. */
const people = Type.Array(PersonRef)

export const reportCommands = [
  command({
    name: 'reports.make',
    rest: 'POST /conversations/{conversation}/reports',
    access: 'conversation_member',
    summary:
      'Puts a message that one can read, or a person one shares a conversation with, before the moderators. The text is copied as it is now.',
    input: exactly({
      conversation: ConversationId,
      message: Type.Optional(EntryId),
      person: PersonId,
      reason: ReportReason,
      note: Type.Optional(note),
    }),
    reply: exactly({ report: ReportId }),
  }),
  command({
    name: 'reports.list',
    rest: 'GET /reports',
    access: 'signed_in',
    permission: 'messages.moderate',
    summary: 'Reports: the open ones, oldest first, or those that were decided, newest first.',
    input: exactly({
      state: oneOf('open', 'decided'),
      after: Type.Optional(ReportId),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    }),
    reply: exactly({ reports: Type.Array(Report), people, next: nullable(ReportId) }),
  }),
  command({
    name: 'reports.get',
    rest: 'GET /reports/{report}',
    access: 'signed_in',
    permission: 'messages.moderate',
    summary:
      'A report with what was reported, what was said around it, and what was decided about the person before. Looking is on record.',
    input: exactly({ report: ReportId }),
    reply: exactly({
      report: Report,
      note: Type.String(),
      evidence: nullable(Evidence),
      /** The message as it is now, among at most five entries before and after it. */
      around: Type.Array(AroundIt),
      earlier: Type.Array(Report),
      people,
    }),
  }),
  command({
    name: 'reports.decide',
    rest: 'POST /reports/{report}/decision',
    access: 'signed_in',
    permission: 'messages.moderate',
    summary:
      'Decides a report and does what was decided. Both sides are told, with `note`; nobody is told of a dismissed report but who made it. To suspend needs `people.manage` too. `until` ends a suspension, or a ban after a removal; without it, a suspension is for good and a removal without a ban.',
    input: exactly({
      report: ReportId,
      decision: Decision,
      note: Type.Optional(note),
      until: Type.Optional(Time),
    }),
    reply: exactly({ report: Report }),
  }),
  command({
    name: 'notices.dismiss',
    rest: 'DELETE /notices/{notice}',
    access: 'signed_in',
    summary: 'Takes a notice off one’s board.',
    input: exactly({ notice: ReportId }),
    reply: Nothing,
  }),
] as const
