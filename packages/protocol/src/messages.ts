import Type, { type Static } from 'typebox'
import { Details, MemberRole } from './conversations.ts'
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
} from './types.ts'

export const MessageBody = exactly({ text: Type.String() })

/** Somebody came or went; `members` is how many there are since. */
const Coming = exactly({ person: PersonId, members: Type.Integer({ minimum: 0 }) })
/** `role` where it is not `member`. */
const Joined = exactly({ ...Coming.properties, role: Type.Optional(MemberRole) })
const GivenRole = exactly({ person: PersonId, role: MemberRole })
/** All of the details as they are from here on: the last such entry tells how a conversation is run. */
const Created = exactly({ details: Details })
const DetailName = oneOf(...(Object.keys(Details.properties) as (keyof Details)[]))
/** `fields` are those that are not as before, so that nobody needs the entry before to tell what happened. */
const Changed = exactly({ details: Details, fields: Type.Array(DetailName) })
const Silence = exactly({ person: PersonId, until: nullable(Time) })
/** Whether its sender took a message back, or somebody who moderates took it out. */
const Deletion = exactly({ by: oneOf('sender', 'moderator') })

const Pinning = exactly({ pinned: Type.Boolean() })

/** What an entry says, by its kind. */
export const EntryBody = Type.Union([
  MessageBody,
  Joined,
  Coming,
  GivenRole,
  Created,
  Changed,
  Silence,
  Deletion,
  Pinning,
])

const entry = {
  conversation: ConversationId,
  place: Place,
  id: EntryId,
  sender: PersonId,
  /** In a thread, of what one of the two sends: the other person, once there is one. */
  receiver: Type.Optional(PersonId),
  clientId: ClientId,
  at: Time,
}

/** One item of a conversation's log. An entry of a kind a client does not know changes nothing it shows. */
export const Entry = Type.Union([
  exactly({ ...entry, kind: Type.Literal('message'), body: MessageBody }),
  /** The message `target` says this from now on. Only the newest counts. Empty once the message is deleted. */
  exactly({ ...entry, kind: Type.Literal('edited'), target: EntryId, body: MessageBody }),
  /** The message `target` is gone for good: what it said is no longer stored. */
  exactly({ ...entry, kind: Type.Literal('deleted'), target: EntryId, body: Deletion }),
  /** The message `target` is among the pinned ones from now on, as the newest, or no longer is. */
  exactly({ ...entry, kind: Type.Literal('pinned'), target: EntryId, body: Pinning }),
  exactly({ ...entry, kind: Type.Literal('created'), body: Created }),
  /** `sender` is the person, or who brought them in. */
  exactly({ ...entry, kind: Type.Literal('joined'), body: Joined }),
  /** `sender` is the person, or who took them out. */
  exactly({ ...entry, kind: Type.Literal('left'), body: Coming }),
  exactly({ ...entry, kind: Type.Literal('role'), body: GivenRole }),
  exactly({ ...entry, kind: Type.Literal('changed'), body: Changed }),
  exactly({ ...entry, kind: Type.Literal('silenced'), body: Silence }),
])
export type Entry = Static<typeof Entry>
export type EntryKind = Entry['kind']

/** The newest edit and the deletion of messages among `entries`, where these lie outside what was asked for. By place. */
export const About = Type.Array(Entry)
const Text = Type.String({ minLength: 1, maxLength: maxTextBytes })
const appended = exactly({ id: EntryId, place: Place, at: Time })

const maxPage = 200
const Span = exactly({
  conversation: ConversationId,
  from: Place,
  to: Place,
  newestFirst: Type.Optional(
    Type.Boolean({ description: 'Cut at the old end instead of the new one when the page is full.' }),
  ),
})

export const messageCommands = [
  command({
    name: 'messages.send',
    rest: 'POST /conversations/{conversation}/messages',
    access: 'conversation_member',
    summary:
      'Sends a message. Acknowledged once it is on disk. Idempotent by `clientId`: a retry gets the place of the first.',
    input: exactly({
      conversation: ConversationId,
      clientId: ClientId,
      text: Text,
    }),
    reply: appended,
  }),
  command({
    name: 'messages.edit',
    rest: 'PUT /conversations/{conversation}/messages/{message}',
    access: 'conversation_member',
    summary:
      'Gives one’s own message another text, as long as the settings of the instance allow and one may post. Idempotent by `clientId`.',
    input: exactly({ conversation: ConversationId, message: EntryId, clientId: ClientId, text: Text }),
    reply: appended,
  }),
  command({
    name: 'messages.delete',
    rest: 'POST /conversations/{conversation}/messages/{message}/delete',
    access: 'conversation_member',
    orPermission: 'channels.manage',
    summary:
      'Deletes one’s own message within the time that the settings of the instance give, or as a moderator that of somebody else, whose text is then kept for review. Idempotent by `clientId`.',
    input: exactly({
      conversation: ConversationId,
      message: EntryId,
      clientId: ClientId,
      reason: Type.Optional(line(500, 0)),
    }),
    reply: appended,
  }),
  command({
    name: 'messages.pin',
    rest: 'PUT /conversations/{conversation}/messages/{message}/pin',
    access: 'conversation_member',
    summary:
      'Pins a message for everybody, or takes it from the pinned ones. A conversation has at most 50 of them, and a deleted message is not pinned any more.',
    input: exactly({ conversation: ConversationId, message: EntryId, pinned: Type.Boolean() }),
    reply: Nothing,
  }),
  command({
    name: 'messages.pins',
    rest: 'GET /conversations/{conversation}/pins',
    access: 'conversation_member',
    summary: 'The pinned messages that one can read, the one that was pinned last first.',
    input: exactly({ conversation: ConversationId }),
    reply: exactly({
      /** `place` is that of the entry that pinned it. */
      pins: Type.Array(exactly({ message: Entry, place: Place })),
      about: About,
      head: Place,
    }),
  }),
  command({
    name: 'messages.page',
    rest: 'GET /conversations/{conversation}/entries',
    access: 'conversation_member',
    summary: 'A page of a conversation’s log, oldest first: the newest before `before`, or the oldest after `after`.',
    input: exactly({
      conversation: ConversationId,
      before: Type.Optional(Place),
      after: Type.Optional(Place),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxPage })),
    }),
    reply: exactly({ entries: Type.Array(Entry), about: About, head: Place, floor: Place }),
  }),
  command({
    name: 'messages.pull',
    rest: 'POST /entries/pull',
    access: 'signed_in',
    summary:
      'Entries of several conversations at once, at most `limit` in all; conversations one is not in are left out.',
    input: exactly({
      spans: Type.Array(Span, { minItems: 1, maxItems: 100 }),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 2000 })),
    }),
    reply: exactly({
      /** Each span as far as it was served: `entries` fills it without a gap from its first (or last) place. */
      spans: Type.Array(exactly({ conversation: ConversationId, from: Place, to: Place, entries: Type.Array(Entry) })),
      about: About,
    }),
  }),
] as const

export const Draft = exactly({ conversation: ConversationId, text: Type.String(), at: Time })
export type Draft = Static<typeof Draft>

export const draftCommands = [
  command({
    name: 'drafts.set',
    rest: 'PUT /conversations/{conversation}/draft',
    access: 'conversation_member',
    summary: 'Keeps what is typed but not sent, for all one’s devices. Null or empty clears it.',
    input: exactly({ conversation: ConversationId, text: nullable(Type.String({ maxLength: maxTextBytes })) }),
    reply: exactly({ at: Time }),
  }),
] as const
