import Type, { type Static, type TProperties } from 'typebox'
import { BoardRow } from './board.ts'
import { Head, Receipt } from './conversations.ts'
import { errors } from './errors.ts'
import { Entry } from './messages.ts'
import { Person } from './people.ts'
import { PresenceState } from './receipts.ts'
import { PermissionName } from './roles.ts'
import { ConversationId, exactly, oneOf, PersonId, Place, SessionId } from './types.ts'

const FrameId = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Chosen by the client, echoed in the answer.',
})

/** The first frame on a connection. Also renews the token of a connection that is signed in. */
export const Hello = exactly({
  id: FrameId,
  type: Type.Literal('hello'),
  version: Type.Integer(),
  token: Type.String({ maxLength: 4096 }),
})
/** Proof of life in both directions; the answer names the heads that moved since the last one. */
export const Ping = exactly({ id: FrameId, type: Type.Literal('ping') })

/** The answer to `hello`: the connection already listens when it is made, so what it misses is above these cursors. */
export const Welcome = exactly({
  person: PersonId,
  session: SessionId,
  board: Type.Integer({ minimum: 0, description: 'The revision of one’s board.' }),
  heads: Type.Array(Head),
  permissions: Type.Array(PermissionName),
})
export type Welcome = Static<typeof Welcome>

export const Pong = exactly({
  heads: Type.Array(exactly({ conversation: ConversationId, head: Place })),
  board: Type.Optional(Type.Integer({ minimum: 1, description: 'The revision of one’s board, where it moved.' })),
})
export type Pong = Static<typeof Pong>

/** A frame that the server sends by itself. */
function push<Properties extends TProperties>(properties: Properties, description: string) {
  return Type.Object(properties, { additionalProperties: false, description })
}

const PresenceOf = exactly({ person: PersonId, state: PresenceState })

export const pushFrames = {
  entry: push({ type: Type.Literal('entry'), entry: Entry }, 'An entry was appended to a conversation.'),
  board: push(
    {
      type: Type.Literal('board'),
      previous: Type.Integer({ minimum: 0 }),
      revision: Type.Integer({ minimum: 1 }),
      rows: Type.Array(BoardRow),
    },
    'Rows of one’s board changed. They follow the board at `previous` without a gap; a client that is elsewhere pulls.',
  ),
  receipt: push(
    { type: Type.Literal('receipt'), conversation: ConversationId, receipt: Receipt },
    'A member received or read up to a place.',
  ),
  read: push(
    { type: Type.Literal('read'), conversation: ConversationId, place: Place },
    'One’s own read place moved, on this or another device.',
  ),
  typing: push(
    { type: Type.Literal('typing'), conversation: ConversationId, person: PersonId, active: Type.Boolean() },
    'Somebody is typing, or stopped.',
  ),
  presence: push(
    { type: Type.Literal('presence'), people: Type.Array(PresenceOf) },
    'The presence of watched people changed.',
  ),
  person: push({ type: Type.Literal('person'), person: Person }, 'A profile changed.'),
  permissions: push(
    { type: Type.Literal('permissions'), permissions: Type.Array(PermissionName) },
    'What one’s instance role permits has changed.',
  ),
  behind: push(
    { type: Type.Literal('behind') },
    'Frames were left out because the connection is slow: pull from the cursors.',
  ),
} as const

export const PushFrame = Type.Union(Object.values(pushFrames))
export type PushFrame = {
  [Kind in keyof typeof pushFrames]: Static<(typeof pushFrames)[Kind]>
}[keyof typeof pushFrames]

export const ErrorBodySchema = exactly({
  code: oneOf(...(Object.keys(errors) as (keyof typeof errors)[])),
  about: Type.Optional(Type.String()),
  retryAfterMs: Type.Optional(Type.Integer({ minimum: 0 })),
  incident: Type.Optional(Type.String()),
})
export const AckFrame = exactly({ id: FrameId, ack: Type.Unknown() })
export const RefusalFrame = Type.Object(
  { id: Type.Optional(FrameId), error: ErrorBodySchema },
  { additionalProperties: false },
)
