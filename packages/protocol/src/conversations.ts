import Type, { type Static } from 'typebox'
import { command } from './define.ts'
import { maxTextBytes } from './limits.ts'
import {
  ClientId,
  ConversationId,
  EntryId,
  exactly,
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

/** A conversation as it stands on one member's personal board. */
export const ConversationCard = exactly({
  conversation: ConversationId,
  kind: ConversationKind,
  policy: Policy,
  /** In a thread: the other person, or null while the seat is free. */
  with: nullable(PersonId),
  title: nullable(Type.String()),
  archived: Type.Boolean(),
  createdAt: Time,
})
export type ConversationCard = Static<typeof ConversationCard>

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
  /** The other members' receipts; empty in conversations of more than 50. */
  receipts: Type.Array(Receipt),
})
export type Head = Static<typeof Head>

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
    summary: 'One conversation: its card, where it stands and who is in it.',
    input: exactly(conversation),
    reply: exactly({ card: ConversationCard, head: Head, members: Type.Array(PersonId) }),
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
] as const

export const threadCommands = [
  command({
    name: 'threads.start',
    rest: 'POST /threads',
    access: 'signed_in',
    summary: 'Sends a message to a person: makes the thread of the two, or continues it. Idempotent by `clientId`.',
    input: exactly({
      person: PersonId,
      clientId: ClientId,
      text: Type.String({ minLength: 1, maxLength: maxTextBytes }),
    }),
    reply: exactly({ conversation: ConversationId, id: EntryId, place: Place, at: Time }),
  }),
  command({
    name: 'threads.open',
    rest: 'POST /threads/open',
    access: 'signed_in',
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
