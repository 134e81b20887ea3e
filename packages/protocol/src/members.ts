import Type, { type Static } from 'typebox'
import { MemberRole } from './conversations.ts'
import { command } from './define.ts'
import { ConversationId, exactly, line, Nothing, nullable, PersonId, Place, Time, Token } from './types.ts'

const conversation = { conversation: ConversationId }

/** Somebody in a conversation. */
export const Member = exactly({
  person: PersonId,
  name: Type.String(),
  displayName: Type.String(),
  role: MemberRole,
  /** Until when a moderator has silenced them; null otherwise. */
  silencedUntil: nullable(Time),
})
export type Member = Static<typeof Member>

/** Somebody who was taken out and may not come back until then, or ever. */
export const Ban = exactly({
  person: PersonId,
  name: Type.String(),
  displayName: Type.String(),
  until: nullable(Time),
})
export type Ban = Static<typeof Ban>

export const memberCommands = [
  command({
    name: 'members.list',
    rest: 'GET /conversations/{conversation}/members',
    access: 'conversation_member',
    orPermission: 'channels.manage',
    summary: 'A window of the members by name, optionally only names that begin with a prefix.',
    input: exactly({
      ...conversation,
      prefix: Type.Optional(line(64, 0)),
      after: Type.Optional(line(80)),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    }),
    reply: exactly({
      members: Type.Array(Member),
      count: Type.Integer({ minimum: 0, description: 'How many members there are in all.' }),
      next: nullable(Type.String({ description: 'Give it as `after` for the next window.' })),
    }),
  }),
  command({
    name: 'members.add',
    rest: 'POST /conversations/{conversation}/members',
    access: 'conversation_member',
    orPermission: 'channels.manage',
    summary: 'Seats people in a group or channel. Those who are in already stay as they are.',
    input: exactly({ ...conversation, people: Type.Array(PersonId, { minItems: 1, maxItems: 100 }) }),
    reply: exactly({ added: Type.Array(PersonId) }),
  }),
  command({
    name: 'members.remove',
    rest: 'DELETE /conversations/{conversation}/members/{person}',
    access: 'conversation_member',
    orPermission: 'channels.manage',
    summary:
      'Takes somebody out of a group or channel. From then on it does not exist for them; with `banMinutes` they cannot come back for as long, or for good with 0.',
    input: exactly({
      ...conversation,
      person: PersonId,
      banMinutes: Type.Optional(Type.Integer({ minimum: 0, maximum: 60 * 24 * 366 })),
    }),
    reply: Nothing,
  }),
  command({
    name: 'members.bans',
    rest: 'GET /conversations/{conversation}/bans',
    access: 'conversation_member',
    orPermission: 'channels.manage',
    summary: 'Who may not come back into a group or channel. For moderators.',
    input: exactly(conversation),
    reply: exactly({ bans: Type.Array(Ban) }),
  }),
  command({
    name: 'members.unban',
    rest: 'DELETE /conversations/{conversation}/bans/{person}',
    access: 'conversation_member',
    orPermission: 'channels.manage',
    summary: 'Lifts a ban.',
    input: exactly({ ...conversation, person: PersonId }),
    reply: Nothing,
  }),
  command({
    name: 'members.leave',
    rest: 'POST /conversations/{conversation}/leave',
    access: 'conversation_member',
    summary: 'Leaves a group or channel. The last owner names another one first, unless nobody else is left.',
    input: exactly(conversation),
    reply: Nothing,
  }),
  command({
    name: 'members.setRole',
    rest: 'PUT /conversations/{conversation}/members/{person}/role',
    access: 'conversation_member',
    orPermission: 'channels.manage',
    summary: 'Gives a member another role. For owners; there is always one.',
    input: exactly({ ...conversation, person: PersonId, role: MemberRole }),
    reply: Nothing,
  }),
  command({
    name: 'members.silence',
    rest: 'PUT /conversations/{conversation}/members/{person}/silence',
    access: 'conversation_member',
    summary: 'Takes the word from a member for some minutes; 0 gives it back.',
    input: exactly({ ...conversation, person: PersonId, minutes: Type.Integer({ minimum: 0, maximum: 60 * 24 * 30 }) }),
    reply: Nothing,
  }),
  command({
    name: 'members.invite',
    rest: 'POST /conversations/{conversation}/links',
    access: 'conversation_member',
    summary: 'Makes a signed invitation link to a group or channel, for some people and some time.',
    input: exactly({
      ...conversation,
      uses: Type.Integer({ minimum: 1, maximum: 10_000 }),
      expiresInHours: Type.Integer({ minimum: 1, maximum: 24 * 90 }),
    }),
    reply: exactly({ invitation: Type.String(), expiresAt: Time }),
  }),
  command({
    name: 'members.join',
    rest: 'POST /conversations/{conversation}/join',
    access: 'signed_in',
    summary: 'Joins a group or channel with an invitation. Whatever is wrong with it, the answer is the same.',
    input: exactly({ ...conversation, invitation: Token }),
    reply: exactly({ head: Place }),
  }),
] as const
