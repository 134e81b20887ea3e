import Type, { type Static } from 'typebox'
import { command } from './define.ts'
import { maxTextBytes } from './limits.ts'
import { RoleId } from './roles.ts'
import {
  BulkId,
  CircleId,
  ClientId,
  ConversationId,
  exactly,
  line,
  Nothing,
  nullable,
  oneOf,
  PersonId,
  Time,
} from './types.ts'

/** What stands in braces in the text of a message to many and is different for each who gets it. */
export const bulkFields = {
  firstName: 'The first word of the person’s display name.',
  name: 'The person’s display name.',
} as const
export type BulkField = keyof typeof bulkFields

/** Whom to write to: everybody in any of these, each once, oneself left out. */
export const BulkAudience = exactly({
  people: Type.Array(PersonId, { maxItems: 5_000 }),
  circles: Type.Array(CircleId, { maxItems: 100 }),
  roles: Type.Array(RoleId, { maxItems: 20 }),
})
export type BulkAudience = Static<typeof BulkAudience>

/**
 * Where a message to many stands. `waiting` have not got it yet, `refused` do not get it (see why at each), `cancelled` were left when
 * the rest was cancelled. `read` counts those who have read it and share that.
 */
export const Bulk = exactly({
  bulk: BulkId,
  text: Type.String({ description: 'As it was written, with its fields.' }),
  at: Time,
  state: oneOf('sending', 'done', 'cancelled'),
  waiting: Type.Integer({ minimum: 0 }),
  sent: Type.Integer({ minimum: 0 }),
  read: Type.Integer({ minimum: 0 }),
  refused: Type.Integer({ minimum: 0 }),
  cancelled: Type.Integer({ minimum: 0 }),
  /** When those who wait in quiet hours get theirs; null where nobody does. */
  resumesAt: nullable(Time),
})
export type Bulk = Static<typeof Bulk>

export const BulkState = oneOf('waiting', 'sent', 'refused', 'cancelled')

/** How far a message to many is with one person. */
export const BulkRecipient = exactly({
  person: PersonId,
  name: Type.String(),
  displayName: Type.String(),
  state: BulkState,
  /** Why it was refused: a code of the closed list; null otherwise. */
  why: nullable(Type.String()),
  /** The thread it is in, once it is. */
  conversation: nullable(ConversationId),
  read: Type.Boolean(),
})
export type BulkRecipient = Static<typeof BulkRecipient>

const permission = 'bulk.send'
const text = Type.String({ minLength: 1, maxLength: maxTextBytes })
const bulk = { bulk: BulkId }

export const bulkCommands = [
  command({
    name: 'bulk.audiences',
    rest: 'GET /bulk/audiences',
    access: 'signed_in',
    permission,
    summary:
      'The circles and roles that one may write to, with how many others are in each; those with none are left out.',
    input: Nothing,
    reply: exactly({
      circles: Type.Array(exactly({ id: CircleId, name: Type.String(), people: Type.Integer({ minimum: 1 }) })),
      roles: Type.Array(exactly({ id: RoleId, people: Type.Integer({ minimum: 1 }) })),
    }),
  }),
  command({
    name: 'bulk.look',
    rest: 'POST /bulk/look',
    access: 'signed_in',
    permission,
    summary:
      'What sending would do: how many get it, how many cannot, and what the first one would read. Sends nothing.',
    input: exactly({ to: BulkAudience, text }),
    reply: exactly({
      people: Type.Integer({ minimum: 0 }),
      refused: Type.Integer({ minimum: 0 }),
      example: nullable(exactly({ person: PersonId, displayName: Type.String(), text: Type.String() })),
    }),
  }),
  command({
    name: 'bulk.send',
    rest: 'POST /bulk',
    access: 'signed_in',
    permission,
    summary:
      'Writes to many people at once, to each in their own thread, exactly once, through crashes. `{firstName}` and `{name}` are filled in. Idempotent by `clientId`.',
    input: exactly({ clientId: ClientId, to: BulkAudience, text }),
    reply: Bulk,
  }),
  command({
    name: 'bulk.list',
    rest: 'GET /bulk',
    access: 'signed_in',
    permission,
    summary: 'One’s own messages to many, newest first.',
    input: exactly({ before: Type.Optional(BulkId), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })) }),
    reply: exactly({ bulks: Type.Array(Bulk), next: nullable(BulkId) }),
  }),
  command({
    name: 'bulk.get',
    rest: 'GET /bulk/{bulk}',
    access: 'owner',
    permission,
    summary: 'How far one of one’s own messages to many is.',
    input: exactly(bulk),
    reply: Bulk,
  }),
  command({
    name: 'bulk.recipients',
    rest: 'GET /bulk/{bulk}/recipients',
    access: 'owner',
    permission,
    summary:
      'A window of those it goes to, by name: all, those in one state, or those who got it and have not read it.',
    input: exactly({
      ...bulk,
      only: Type.Optional(oneOf('waiting', 'sent', 'refused', 'cancelled', 'unread')),
      after: Type.Optional(line(80)),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    }),
    reply: exactly({
      recipients: Type.Array(BulkRecipient),
      next: nullable(Type.String({ description: 'Give it as `after` for the next window.' })),
    }),
  }),
  command({
    name: 'bulk.cancel',
    rest: 'POST /bulk/{bulk}/cancel',
    access: 'owner',
    permission,
    summary: 'Cancels what has not been sent yet. What has arrived stays.',
    input: exactly(bulk),
    reply: Bulk,
  }),
] as const
