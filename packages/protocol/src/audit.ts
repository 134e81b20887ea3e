import Type, { type Static } from 'typebox'
import { command } from './define.ts'
import { Person } from './people.ts'
import { ConversationId, exactly, line, Nothing, nullable, oneOf, PersonId, Place, SessionId, Time } from './types.ts'

/** Everything that is put on record: the closed list, by what it is about. */
export const auditActions = {
  'session.begun': 'Somebody signed in.',
  'session.refused': 'A sign-in failed.',
  'session.ended': 'A session was ended.',
  'session.stolen': 'A refresh token was used twice, so its session was ended.',
  'password.changed': 'Somebody changed their password.',
  'password.reset': 'A password was reset for somebody.',
  'person.made': 'An account was made.',
  'person.role': 'Somebody got another instance role.',
  'person.suspended': 'Somebody was suspended, for a time or for good.',
  'person.restored': 'A suspension was lifted.',
  'person.listed': 'People were looked at with what only those see who manage them.',
  'person.blocked': 'Somebody blocked a person.',
  'person.unblocked': 'Somebody lifted their block of a person.',
  'invitation.made': 'An invitation to the instance was made.',
  'invitation.ended': 'An invitation to the instance was ended.',
  'role.made': 'An instance role was made.',
  'role.changed': 'An instance role was changed.',
  'role.deleted': 'An instance role was deleted.',
  'instance.set_up': 'The instance was set up.',
  'instance.changed': 'Settings of the instance were changed.',
  'instance.keys': 'The keys were rotated.',
  'group.made': 'A group was made.',
  'channel.made': 'A channel was made.',
  'channel.deleted': 'A channel was deleted.',
  'conversation.changed': 'How a conversation is run was changed.',
  'member.added': 'Somebody came into a conversation.',
  'member.removed': 'Somebody was taken out of a conversation, or left it.',
  'member.role': 'A member got another role.',
  'member.banned': 'A member was taken out and may not come back, or a ban was lifted.',
  'member.silenced': 'A member was silenced, or got the word back.',
  'link.made': 'An invitation link to a conversation was made.',
  'message.edited': 'A message was changed by its sender.',
  'message.deleted': 'A message was deleted.',
  'report.made': 'A message or a person was reported.',
  'report.listed': 'Reports were looked at with what was reported.',
  'report.read': 'A report was looked at with what it is about.',
  'report.decided': 'A report was decided.',
  'words.changed': 'The word filter was changed.',
  'relationship.kind': 'A kind of relationship was made, changed or deleted.',
  'relationship.circle': 'A circle of people was made, changed or deleted.',
  'relationship.set': 'A relationship was set, or ended.',
  'relationship.imported': 'Relationships were brought in from a file.',
  'policy.asked': 'Somebody asked the simulator who may do what.',
  'bulk.begun': 'A message to many was begun.',
  'bulk.cancelled': 'A message to many was cancelled.',
  'audit.read': 'The record was read or exported.',
} as const
export type AuditAction = keyof typeof auditActions
export const AuditActionName = oneOf(...(Object.keys(auditActions) as [AuditAction, ...AuditAction[]]))

/** One thing somebody did. `hash` covers the record and the hash of the one before it. */
export const AuditRecord = exactly({
  place: Place,
  at: Time,
  action: AuditActionName,
  /** Who did it; null where nobody was signed in. */
  actor: nullable(PersonId),
  session: nullable(SessionId),
  /** How the device was called that did it; null without a session. */
  device: nullable(Type.String()),
  /** Whom it was done to, and where. */
  person: nullable(PersonId),
  conversation: nullable(ConversationId),
  detail: Type.Record(Type.String(), Type.Unknown()),
  hash: Type.String({ description: 'SHA-256 in hex.' }),
})
export type AuditRecord = Static<typeof AuditRecord>

export const auditCommands = [
  command({
    name: 'audit.list',
    rest: 'GET /audit',
    access: 'signed_in',
    permission: 'audit.read',
    summary: 'The audit record, newest first. Reading it is on record too.',
    input: exactly({
      before: Type.Optional(Place),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
      action: Type.Optional(AuditActionName),
      actor: Type.Optional(PersonId),
      person: Type.Optional(PersonId),
      conversation: Type.Optional(ConversationId),
      since: Type.Optional(Time),
      until: Type.Optional(Time),
    }),
    reply: exactly({ records: Type.Array(AuditRecord), next: nullable(Place) }),
  }),
  command({
    name: 'audit.people',
    rest: 'POST /audit/people',
    access: 'signed_in',
    permission: 'audit.read',
    summary:
      'Who the people in the audit record are: those of these ids, or the first whose names begin with a prefix. Whoever reads the record need not be able to find them otherwise.',
    input: exactly({
      people: Type.Optional(Type.Array(PersonId, { maxItems: 200 })),
      prefix: Type.Optional(line(64, 0)),
    }),
    reply: exactly({ people: Type.Array(Person) }),
  }),
  command({
    name: 'audit.verify',
    rest: 'POST /audit/verify',
    access: 'signed_in',
    permission: 'audit.read',
    summary: 'Goes through the whole chain of hashes. `broken` is the first record that is not as it was written.',
    input: Nothing,
    reply: exactly({ records: Type.Integer({ minimum: 0 }), broken: nullable(Place) }),
  }),
] as const
