import Type from 'typebox'
import { command } from './define.ts'
import { ConversationId, exactly, Nothing, oneOf, PersonId, Place } from './types.ts'

const upTo = exactly({ conversation: ConversationId, place: Place })

export const receiptCommands = [
  command({
    name: 'receipts.read',
    rest: 'PUT /conversations/{conversation}/read',
    access: 'conversation_member',
    summary: 'Says that one has read up to a place. Never moves backwards; a place beyond the head is out of range.',
    input: upTo,
    reply: Nothing,
  }),
  command({
    name: 'receipts.delivered',
    rest: 'PUT /conversations/{conversation}/delivered',
    access: 'conversation_member',
    summary: 'Says that a device of one’s own holds everything up to a place.',
    input: upTo,
    reply: Nothing,
  }),
] as const

export const typingCommands = [
  command({
    name: 'typing.set',
    rest: 'PUT /conversations/{conversation}/typing',
    access: 'conversation_member',
    summary: 'Says that one is typing, or has stopped. Forgotten after six seconds.',
    input: exactly({ conversation: ConversationId, active: Type.Boolean() }),
    reply: Nothing,
  }),
] as const

export const PresenceState = oneOf('online', 'away', 'offline')

export const presenceCommands = [
  command({
    name: 'presence.set',
    rest: 'PUT /me/presence',
    access: 'signed_in',
    carrier: 'socket',
    summary: 'Says whether the person is at this device.',
    input: exactly({ state: oneOf('online', 'away') }),
    reply: Nothing,
  }),
  command({
    name: 'presence.watch',
    rest: 'PUT /presence/watch',
    access: 'signed_in',
    carrier: 'socket',
    summary:
      'The people on this device’s screen: their presence is sent now and when it changes, in batches. Replaces the earlier list.',
    input: exactly({ people: Type.Array(PersonId, { maxItems: 200 }) }),
    reply: exactly({ people: Type.Array(exactly({ person: PersonId, state: PresenceState })) }),
  }),
] as const
