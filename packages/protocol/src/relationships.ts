import Type, { type Static } from 'typebox'
import { PersonRef } from './circles.ts'
import { Policy } from './conversations.ts'
import { command } from './define.ts'
import { maxImportBytes, maxImportLines } from './limits.ts'
import { PermissionName, RoleId } from './roles.ts'
import {
  CircleId,
  ConversationId,
  Day,
  exactly,
  line,
  Nothing,
  nullable,
  oneOf,
  PersonId,
  RelationshipId,
} from './types.ts'

/** Which of the two sides: `forward` is the from-side towards the to-side. */
export const Reach = oneOf('none', 'forward', 'back', 'both')
export type Reach = Static<typeof Reach>

export const KindId = Type.String({ pattern: '^[a-z][a-z0-9-]{1,31}$', description: 'A kind of relationship.' })
export type KindId = Static<typeof KindId>

const effects = {
  find: Reach,
  start: Reach,
  /** Whether the from-side reads the threads of the to-side, as visible members. */
  supervises: Type.Boolean(),
}
/** What a relationship of a kind permits: who finds whom, who may begin a thread with whom, and who supervises. */
export const Effects = exactly(effects)
export type Effects = Static<typeof Effects>

/** `teacher-of`, `guardian-of`, `care-team-of`, or one that the instance has made. */
export const RelationshipKind = exactly({
  id: KindId,
  /** As people see it, such as “mentor of”, and seen from the other side; both empty for a built-in kind, which the apps name. */
  name: Type.String(),
  backName: Type.String(),
  ...effects,
  builtIn: Type.Boolean(),
})
export type RelationshipKind = Static<typeof RelationshipKind>

/** One side of a relationship: a person, or everybody in a circle. */
export const Party = Type.Union([exactly({ person: PersonId }), exactly({ circle: CircleId })])
export type Party = Static<typeof Party>

export const NamedParty = Type.Union([PersonRef, exactly({ circle: CircleId, name: Type.String() })])
export type NamedParty = Static<typeof NamedParty>

/** From the first to the last day, both included; null is open. */
const days = { fromDate: nullable(Day), untilDate: nullable(Day) }

export const Relationship = exactly({
  id: RelationshipId,
  from: NamedParty,
  kind: KindId,
  to: NamedParty,
  ...days,
})
export type Relationship = Static<typeof Relationship>

/** What can be wrong with a line of an imported file. */
export const importFaults = {
  not_csv: 'The line cannot be read: a quote is missing or too many.',
  header: 'The first line must name the columns from, kind, to, from_date and until_date; the dates may be left out.',
  columns: 'The line has not as many columns as the first one.',
  missing: 'Something that is needed is empty.',
  unknown_person: 'Nobody has this user name.',
  unknown_circle: 'No circle has this name.',
  unknown_kind: 'There is no such kind of relationship.',
  bad_date: 'This is not a date of the form 2026-03-01.',
  reversed: 'The last day is before the first.',
  oneself: 'Nobody has a relationship with themselves.',
  twice: 'An earlier line names the same relationship.',
} as const
export type ImportFaultCode = keyof typeof importFaults

export const ImportFault = exactly({
  line: Type.Integer({ minimum: 1 }),
  fault: oneOf(...(Object.keys(importFaults) as [ImportFaultCode, ...ImportFaultCode[]])),
  /** The column at fault; empty where it is the line. */
  column: Type.String(),
  /** What stands there, shortened. */
  value: Type.String(),
})
export type ImportFault = Static<typeof ImportFault>

/** A relationship as a reason: its two sides say through which circles it reaches somebody. */
export const Reason = exactly({
  /** `role`: what the instance role permits. `relationship`: one that binds the two. */
  rule: oneOf('role', 'relationship'),
  /** Whether it permits what was asked, or why not. */
  says: oneOf('grants', 'does_not_grant', 'not_yet', 'expired'),
  role: nullable(RoleId),
  permission: nullable(PermissionName),
  relationship: nullable(Relationship),
  /** Whether the one who was asked about is on the from-side of it. */
  forward: Type.Boolean(),
})
export type Reason = Static<typeof Reason>

const Answer = exactly({ allowed: Type.Boolean(), reasons: Type.Array(Reason) })
const permission = 'relationships.manage'
const kind = { kind: KindId }
const wantedKind = { name: line(60), backName: line(60), ...effects }

export const relationshipCommands = [
  command({
    name: 'relationships.kinds',
    rest: 'GET /relationship-kinds',
    access: 'signed_in',
    permission,
    summary: 'The kinds of relationships and what each permits.',
    input: Nothing,
    reply: exactly({ kinds: Type.Array(RelationshipKind) }),
  }),
  command({
    name: 'relationships.makeKind',
    rest: 'POST /relationship-kinds',
    access: 'signed_in',
    permission,
    summary: 'Makes a kind of relationship.',
    input: exactly({ kind: KindId, ...wantedKind }),
    reply: RelationshipKind,
  }),
  command({
    name: 'relationships.changeKind',
    rest: 'PUT /relationship-kinds/{kind}',
    access: 'signed_in',
    permission,
    summary:
      'Changes what a kind is called and permits; the names of a built-in kind stay empty. What it no longer permits ends at once.',
    input: exactly({ ...kind, name: line(60, 0), backName: line(60, 0), ...effects }),
    reply: RelationshipKind,
  }),
  command({
    name: 'relationships.deleteKind',
    rest: 'DELETE /relationship-kinds/{kind}',
    access: 'signed_in',
    permission,
    summary: 'Deletes a kind that the instance has made and no relationship is of.',
    input: exactly(kind),
    reply: Nothing,
  }),
  command({
    name: 'relationships.list',
    rest: 'GET /relationships',
    access: 'signed_in',
    permission,
    summary: 'A window of the relationships, the latest first; only those that name a person, a circle or a kind.',
    input: exactly({
      person: Type.Optional(PersonId),
      circle: Type.Optional(CircleId),
      kind: Type.Optional(KindId),
      after: Type.Optional(RelationshipId),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    }),
    reply: exactly({
      relationships: Type.Array(Relationship),
      next: nullable(RelationshipId),
    }),
  }),
  command({
    name: 'relationships.set',
    rest: 'PUT /relationships',
    access: 'signed_in',
    permission,
    summary: 'Sets a relationship. Where the two have one of the kind, it gets these dates.',
    input: exactly({ from: Party, kind: KindId, to: Party, ...days }),
    reply: Relationship,
  }),
  command({
    name: 'relationships.end',
    rest: 'DELETE /relationships/{relationship}',
    access: 'signed_in',
    permission,
    summary: 'Ends a relationship at once: what it permitted ends with it.',
    input: exactly({ relationship: RelationshipId }),
    reply: Nothing,
  }),
  command({
    name: 'relationships.import',
    rest: 'POST /relationships/import',
    access: 'signed_in',
    permission,
    carrier: 'rest',
    bodyBytes: maxImportBytes,
    summary: `Sets relationships from a CSV file of at most ${maxImportLines} lines: from, kind, to, from_date, until_date. A side is a user name or \`circle:NAME\`. Without \`apply\` nothing is changed; with a fault nothing is either.`,
    input: exactly({ csv: Type.String({ maxLength: maxImportBytes }), apply: Type.Boolean() }),
    reply: exactly({
      applied: Type.Boolean(),
      added: Type.Integer({ minimum: 0 }),
      changed: Type.Integer({ minimum: 0 }),
      unchanged: Type.Integer({ minimum: 0 }),
      /** The first thousand, by line. */
      faults: Type.Array(ImportFault),
      faultCount: Type.Integer({ minimum: 0 }),
    }),
  }),
  command({
    name: 'policy.simulate',
    rest: 'POST /policy/simulate',
    access: 'signed_in',
    permission,
    summary:
      'What one person may do with another and why: find them, begin a thread; and who could read it. Asking is on record.',
    input: exactly({ from: PersonId, to: PersonId }),
    reply: exactly({
      find: Answer,
      start: Answer,
      /** The policy that a thread of the two would be made with today. */
      policy: Policy,
      /** The thread they have. What was decided when it was made stays, whatever `policy` says. */
      thread: nullable(exactly({ conversation: ConversationId, policy: Policy })),
      /** Everybody who reads the thread they have, or would read the one they do not have yet. */
      readers: Type.Array(
        exactly({ ...PersonRef.properties, as: oneOf('member', 'supervisor'), by: Type.Array(Reason) }),
      ),
      /** Whether the organisation, which holds the keys, can read as well. */
      organisation: Type.Boolean(),
    }),
  }),
] as const
