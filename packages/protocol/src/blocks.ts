import Type, { type Static } from 'typebox'
import { command } from './define.ts'
import { exactly, Nothing, PersonId, Time } from './types.ts'

/** Somebody whom one has blocked, or muted. */
export const Shunned = exactly({ person: PersonId, at: Time })
export type Shunned = Static<typeof Shunned>

const person = { person: PersonId }

export const blockCommands = [
  command({
    name: 'blocks.set',
    rest: 'PUT /blocks/{person}',
    access: 'signed_in',
    summary:
      'Blocks a person, or lifts the block. Neither of the two finds the other, begins a thread or writes in theirs, or sees whether the other is here. Groups stay as they are.',
    input: exactly({ ...person, blocked: Type.Boolean() }),
    reply: Nothing,
  }),
  command({
    name: 'mutes.set',
    rest: 'PUT /mutes/{person}',
    access: 'signed_in',
    summary: 'Mutes a person for oneself: what they write is there, but announces itself no more. They do not notice.',
    input: exactly({ ...person, muted: Type.Boolean() }),
    reply: Nothing,
  }),
] as const
