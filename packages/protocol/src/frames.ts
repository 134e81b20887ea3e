import Type, { type Static } from 'typebox'
import { BoardRow } from './board.ts'
import { Head, Receipt } from './conversations.ts'
import { errors } from './errors.ts'
import { Entry } from './messages.ts'
import { Person } from './people.ts'
import { PresenceState } from './receipts.ts'
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
})
export type Welcome = Static<typeof Welcome>

export const Pong = exactly({ heads: Type.Array(exactly({ conversation: ConversationId, head: Place })) })
export type Pong = Static<typeof Pong>

export const EntryFrame = exactly({ type: Type.Literal('entry'), entry: Entry })
/** Rows follow the board at `previous` without a gap; a client that is elsewhere pulls. */
export const BoardFrame = exactly({
  type: Type.Literal('board'),
  previous: Type.Integer({ minimum: 0 }),
  revision: Type.Integer({ minimum: 1 }),
  rows: Type.Array(BoardRow),
})
export const ReceiptFrame = exactly({ type: Type.Literal('receipt'), conversation: ConversationId, receipt: Receipt })
/** One's own read place moved, on this or another device. */
export const ReadFrame = exactly({ type: Type.Literal('read'), conversation: ConversationId, place: Place })
export const TypingFrame = exactly({
  type: Type.Literal('typing'),
  conversation: ConversationId,
  person: PersonId,
  active: Type.Boolean(),
})
export const PresenceFrame = exactly({
  type: Type.Literal('presence'),
  people: Type.Array(exactly({ person: PersonId, state: PresenceState })),
})
export const PersonFrame = exactly({ type: Type.Literal('person'), person: Person })
/** The head of a conversation is here; whoever holds less pulls. */
export const HeadFrame = exactly({ type: Type.Literal('head'), conversation: ConversationId, head: Place })
/** Frames were dropped because the connection is slow: pull from the cursors. */
export const BehindFrame = exactly({ type: Type.Literal('behind') })

export const pushFrames = {
  entry: EntryFrame,
  board: BoardFrame,
  receipt: ReceiptFrame,
  read: ReadFrame,
  typing: TypingFrame,
  presence: PresenceFrame,
  person: PersonFrame,
  head: HeadFrame,
  behind: BehindFrame,
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
