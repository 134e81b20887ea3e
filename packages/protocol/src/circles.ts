import Type, { type Static } from 'typebox'
import { command } from './define.ts'
import { CircleId, exactly, line, Nothing, nullable, PersonId } from './types.ts'

export const CircleName = line(80)

/** A named set of people: a class, a ward, a team. */
export const Circle = exactly({
  id: CircleId,
  name: Type.String(),
  members: Type.Integer({ minimum: 0, description: 'How many there are.' }),
})
export type Circle = Static<typeof Circle>

/** Somebody as they stand in a list of people. */
export const PersonRef = exactly({ person: PersonId, name: Type.String(), displayName: Type.String() })
export type PersonRef = Static<typeof PersonRef>

const permission = 'relationships.manage'
const circle = { circle: CircleId }
const window = {
  after: Type.Optional(line(80)),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
}
const next = nullable(Type.String({ description: 'Give it as `after` for the next window.' }))

export const circleCommands = [
  command({
    name: 'circles.mine',
    rest: 'GET /me/circles',
    access: 'signed_in',
    summary: 'The circles one is in, by name.',
    input: Nothing,
    reply: exactly({ circles: Type.Array(exactly({ id: CircleId, name: Type.String() })) }),
  }),
  command({
    name: 'circles.list',
    rest: 'GET /circles',
    access: 'signed_in',
    permission,
    summary: 'A window of all circles by name, optionally only names that contain some text.',
    input: exactly({ find: Type.Optional(line(80, 0)), ...window }),
    reply: exactly({ circles: Type.Array(Circle), next }),
  }),
  command({
    name: 'circles.create',
    rest: 'POST /circles',
    access: 'signed_in',
    permission,
    summary: 'Makes a circle. No two have the same name.',
    input: exactly({ name: CircleName }),
    reply: Circle,
  }),
  command({
    name: 'circles.rename',
    rest: 'PUT /circles/{circle}/name',
    access: 'signed_in',
    permission,
    summary: 'Gives a circle another name.',
    input: exactly({ ...circle, name: CircleName }),
    reply: Circle,
  }),
  command({
    name: 'circles.delete',
    rest: 'DELETE /circles/{circle}',
    access: 'signed_in',
    permission,
    summary: 'Deletes a circle and ends the relationships that name it.',
    input: exactly(circle),
    reply: exactly({ relationships: Type.Integer({ minimum: 0, description: 'How many were ended.' }) }),
  }),
  command({
    name: 'circles.members',
    rest: 'GET /circles/{circle}/members',
    access: 'signed_in',
    permission,
    summary: 'A window of the people in a circle by name, optionally only names that begin with a prefix.',
    input: exactly({ ...circle, prefix: Type.Optional(line(64, 0)), ...window }),
    reply: exactly({ members: Type.Array(PersonRef), count: Type.Integer({ minimum: 0 }), next }),
  }),
  command({
    name: 'circles.setMembers',
    rest: 'PUT /circles/{circle}/members',
    access: 'signed_in',
    permission,
    summary: 'Puts people into a circle and takes people out; who is named in both is out.',
    input: exactly({
      ...circle,
      add: Type.Array(PersonId, { maxItems: 500 }),
      remove: Type.Array(PersonId, { maxItems: 500 }),
    }),
    reply: Circle,
  }),
] as const
