import Type, { type Static } from 'typebox'
import { ConversationCard, ConversationName, Details } from './conversations.ts'
import { command } from './define.ts'
import { About, Entry } from './messages.ts'
import { ClientId, ConversationId, exactly, line, Nothing, nullable, Time } from './types.ts'

/** A channel in the list. */
export const Channel = exactly({
  conversation: ConversationId,
  details: Details,
  members: Type.Integer({ minimum: 0 }),
  /** How long its log is: what was said, and what happened. */
  entries: Type.Integer({ minimum: 0 }),
  /** Whether one is in it. */
  joined: Type.Boolean(),
  createdAt: Time,
})
export type Channel = Static<typeof Channel>

export const channelCommands = [
  command({
    name: 'channels.create',
    rest: 'POST /channels',
    access: 'signed_in',
    permission: 'channels.create',
    summary: 'Makes a channel. Its name is unlike that of any other. Idempotent by `clientId`.',
    input: exactly({
      clientId: ClientId,
      name: ConversationName,
      topic: Type.Optional(line(500, 0)),
      category: Type.Optional(line(40, 0)),
      listed: Type.Boolean(),
      announcement: Type.Optional(Type.Boolean({ description: 'Moderators write, all read.' })),
    }),
    reply: exactly({ card: ConversationCard }),
  }),
  command({
    name: 'channels.list',
    rest: 'GET /channels',
    access: 'signed_in',
    permission: 'channels.browse',
    orPermission: 'channels.manage',
    summary:
      'The listed channels and those one is in, for those who manage channels all of them, by name, optionally only those in whose name or topic some words occur.',
    input: exactly({
      find: Type.Optional(line(64, 0)),
      after: Type.Optional(line(80)),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    }),
    reply: exactly({
      channels: Type.Array(Channel),
      next: nullable(Type.String({ description: 'Give it as `after` for the next window.' })),
    }),
  }),
  command({
    name: 'channels.preview',
    rest: 'GET /channels/{conversation}/preview',
    access: 'signed_in',
    permission: 'channels.browse',
    summary: 'The newest entries of a listed channel that one could join.',
    input: exactly({ conversation: ConversationId }),
    reply: exactly({ channel: Channel, entries: Type.Array(Entry), about: About }),
  }),
  command({
    name: 'channels.join',
    rest: 'POST /channels/{conversation}/join',
    access: 'signed_in',
    permission: 'channels.browse',
    summary: 'Joins a listed channel.',
    input: exactly({ conversation: ConversationId }),
    reply: exactly({ card: ConversationCard }),
  }),
  command({
    name: 'channels.delete',
    rest: 'DELETE /channels/{conversation}',
    access: 'signed_in',
    permission: 'channels.manage',
    summary: 'Deletes a channel with everything that was said in it. `name` is its name, against a slip of the hand.',
    input: exactly({ conversation: ConversationId, name: ConversationName }),
    reply: Nothing,
  }),
] as const
