import Type from 'typebox'
import { ConversationCard, ConversationName } from './conversations.ts'
import { command } from './define.ts'
import { ClientId, exactly, line, PersonId } from './types.ts'

export const groupCommands = [
  command({
    name: 'groups.create',
    rest: 'POST /groups',
    access: 'signed_in',
    permission: 'groups.create',
    summary: 'Makes a group with these people. Idempotent by `clientId`.',
    input: exactly({
      clientId: ClientId,
      name: ConversationName,
      topic: Type.Optional(line(500, 0)),
      people: Type.Array(PersonId, { maxItems: 100 }),
    }),
    reply: exactly({ card: ConversationCard }),
  }),
] as const
