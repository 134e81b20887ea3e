import Type, { type Static } from 'typebox'
import { command } from './define.ts'
import { maxTextBytes } from './limits.ts'
import {
  ClientId,
  ConversationId,
  EntryId,
  exactly,
  line,
  Nothing,
  nullable,
  oneOf,
  PersonId,
  Place,
  Time,
  Token,
} from './types.ts'

export const ConversationKind = oneOf('thread', 'group', 'channel')
export type ConversationKind = Static<typeof ConversationKind>

/** Who can read: fixed when the conversation is made. */
export const Policy = oneOf('private', 'supervised', 'managed')
export type Policy = Static<typeof Policy>

/** What one is in a conversation. A reader sees everything and writes nothing. */
export const MemberRole = oneOf('owner', 'moderator', 'member', 'reader')
export type MemberRole = Static<typeof MemberRole>

/** A conversation as it stands on one member's personal board. */
export const ConversationCard = exactly({
  conversation: ConversationId,
  kind: ConversationKind,
  policy: Policy,
  /** In a thread: the other person; null while the seat is free, and for a supervisor, whose role is `reader`. */
  with: nullable(PersonId),
  /** One's own role. */
  role: MemberRole,
  archived: Type.Boolean(),
  /** Until when it announces nothing; far in the future for good, null where it does. */
  mutedUntil: nullable(Time),
  createdAt: Time,
})
export type ConversationCard = Static<typeof ConversationCard>

/** From which role on one may. */
const From = oneOf('member', 'moderator', 'owner')

/** What members may do, each with the least role that may. What is not in here (roles, deleting) is for owners. */
export const Rights = exactly({
  post: From,
  invite: From,
  /** Name, picture, topic and category. */
  change: From,
  /** Take others out, delete what they wrote, silence them; slow mode. */
  moderate: From,
  /** Keep messages where everybody finds them, and take them from there. */
  pin: From,
})
export type Rights = Static<typeof Rights>

export const ConversationName = line(80)

/** What a group or channel is and how it is run, the same for all its members. A thread has the defaults and no name. */
export const Details = exactly({
  name: nullable(ConversationName),
  topic: line(500, 0),
  /** Changes when the picture does; null without one. */
  picture: nullable(Type.String()),
  /** Channels: the heading under which it is listed; empty for none. */
  category: line(40, 0),
  /** Channels: whether everybody who may browse finds and joins it, instead of members by invitation. */
  listed: Type.Boolean(),
  /** Whether newcomers read from the beginning, or from where they came in. */
  history: oneOf('all', 'joined'),
  rights: Rights,
  /** Seconds a member has to wait between two messages; 0 for none. */
  slowSeconds: Type.Integer({ minimum: 0, maximum: 6 * 3600 }),
  /** Nobody writes any more; everything stays readable. */
  closed: Type.Boolean(),
})
export type Details = Static<typeof Details>

/** What is changed by naming it; a picture is sent as what it is. */
export const DetailsChange = Type.Partial(Type.Omit(Details, ['picture']), {
  additionalProperties: false,
  minProperties: 1,
})
export type DetailsChange = Static<typeof DetailsChange>

/** How far a member is. Places only grow. `read` is absent where the person does not share it. */
export const Receipt = exactly({ person: PersonId, delivered: Place, read: Place })
export type Receipt = Static<typeof Receipt>

/** Where a conversation stands, from the reader's point of view. */
export const Head = exactly({
  conversation: ConversationId,
  head: Place,
  /** The first place the reader may see. */
  floor: Place,
  /** The reader's own read place. */
  read: Place,
  details: Details,
  members: Type.Integer({ minimum: 0, description: 'How many there are.' }),
  /** The other members' receipts; empty in conversations of more than 50. */
  receipts: Type.Array(Receipt),
})
export type Head = Static<typeof Head>

/** Somebody who reads along, and why. */
export const Supervisor = exactly({
  person: PersonId,
  name: Type.String(),
  displayName: Type.String(),
  /** For each kind of relationship that makes them one: its id, its name (empty for a built-in one), and with which of the two. */
  by: Type.Array(exactly({ kind: Type.String(), name: Type.String(), of: PersonId })),
})
export type Supervisor = Static<typeof Supervisor>

const conversation = { conversation: ConversationId }

export const conversationCommands = [
  command({
    name: 'conversations.heads',
    rest: 'GET /conversations',
    access: 'signed_in',
    summary: 'Where each of one’s conversations stands.',
    input: Nothing,
    reply: exactly({ heads: Type.Array(Head) }),
  }),
  command({
    name: 'conversations.get',
    rest: 'GET /conversations/{conversation}',
    access: 'conversation_member',
    summary: 'One conversation: its card and where it stands.',
    input: exactly(conversation),
    reply: exactly({ card: ConversationCard, head: Head }),
  }),
  command({
    name: 'conversations.change',
    rest: 'PATCH /conversations/{conversation}',
    access: 'conversation_member',
    orPermission: 'channels.manage',
    summary:
      'Changes a group or channel; fields left out stay as they are. Who may is in `rights`; rights and history are for owners.',
    input: exactly({
      ...conversation,
      change: DetailsChange,
    }),
    reply: exactly({ details: Details }),
  }),
  command({
    name: 'conversations.removePicture',
    rest: 'DELETE /conversations/{conversation}/picture',
    access: 'conversation_member',
    orPermission: 'channels.manage',
    summary: 'Removes the picture of a group or channel. For those who may change its name.',
    input: exactly(conversation),
    reply: exactly({ details: Details }),
  }),
  command({
    name: 'conversations.archive',
    rest: 'PUT /conversations/{conversation}/archive',
    access: 'conversation_member',
    summary:
      'Puts a conversation into one’s own archive or takes it out. Nothing is deleted; the others do not notice.',
    input: exactly({ ...conversation, archived: Type.Boolean() }),
    reply: Nothing,
  }),
  command({
    name: 'conversations.mute',
    rest: 'PUT /conversations/{conversation}/mute',
    access: 'conversation_member',
    summary:
      'Lets a conversation announce nothing to oneself for some minutes, or for good where `minutes` is null; 0 ends it. The others do not notice.',
    input: exactly({
      ...conversation,
      minutes: nullable(Type.Integer({ minimum: 0, maximum: 60 * 24 * 366 })),
    }),
    reply: exactly({ mutedUntil: nullable(Time) }),
  }),
] as const

export const threadCommands = [
  command({
    name: 'threads.start',
    rest: 'POST /threads',
    access: 'signed_in',
    summary:
      'Sends a message to a person: continues the thread of the two, or makes it where one may. Idempotent by `clientId`.',
    input: exactly({
      person: PersonId,
      clientId: ClientId,
      text: Type.String({ minLength: 1, maxLength: maxTextBytes }),
    }),
    reply: exactly({ conversation: ConversationId, id: EntryId, place: Place, at: Time }),
  }),
  command({
    name: 'threads.look',
    rest: 'GET /threads/with/{person}',
    access: 'signed_in',
    summary: 'Before the first message: whether one may write to a person, and who will read the thread of the two.',
    input: exactly({ person: PersonId }),
    reply: exactly({
      /** The thread they have. */
      conversation: nullable(ConversationId),
      mayWrite: Type.Boolean(),
      /** Null where one may not write. */
      policy: nullable(Policy),
      supervisors: Type.Array(Supervisor),
    }),
  }),
  command({
    name: 'threads.open',
    rest: 'POST /threads/open',
    access: 'signed_in',
    permission: 'threads.start',
    summary: 'Makes a thread with a free seat, to invite somebody into by link.',
    input: exactly({ clientId: ClientId }),
    reply: exactly(conversation),
  }),
  command({
    name: 'threads.invite',
    rest: 'POST /threads/{conversation}/invitations',
    access: 'conversation_member',
    summary: 'Makes a signed invitation that seats one person in a thread whose second seat is free.',
    input: exactly({ ...conversation, expiresInHours: Type.Integer({ minimum: 1, maximum: 24 * 90 }) }),
    reply: exactly({ invitation: Type.String(), expiresAt: Time }),
  }),
  command({
    name: 'threads.join',
    rest: 'POST /threads/{conversation}/join',
    access: 'signed_in',
    summary:
      'Joins with an invitation, or asks for a seat. Without an invitation the answer is the same whether the thread exists or not.',
    input: exactly({ ...conversation, invitation: Type.Optional(Token) }),
    reply: exactly({ state: oneOf('joined', 'asked'), conversation: nullable(ConversationId) }),
  }),
  command({
    name: 'threads.answer',
    rest: 'POST /threads/{conversation}/requests/{person}',
    access: 'conversation_member',
    summary: 'Admits or turns away a person who asked for the free seat.',
    input: exactly({ ...conversation, person: PersonId, admit: Type.Boolean() }),
    reply: Nothing,
  }),
] as const
