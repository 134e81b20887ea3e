import Type, { type Static } from 'typebox'
import { command } from './define.ts'
import { RoleId } from './roles.ts'
import { exactly, line, Nothing, nullable, oneOf, PersonId, Time, Token } from './types.ts'

/** What everybody of the instance may know of a person. */
export const Person = exactly({
  id: PersonId,
  name: Type.String({ description: 'The unique user name.' }),
  displayName: Type.String(),
  status: Type.String({ description: 'What the person wrote about now; empty for nothing.' }),
  timeZone: Type.String({ description: 'An IANA time zone, or empty.' }),
  picture: nullable(Type.String({ description: 'Changes when the picture does; null without one.' })),
  role: RoleId,
})
export type Person = Static<typeof Person>

export const UserName = Type.String({
  pattern: '^[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?$',
  description: 'Two to 32 lower-case letters, digits, dots, dashes and underscores.',
  minLength: 2,
  maxLength: 32,
})
export const DisplayName = line(64)
export const Password = Type.String({ minLength: 10, maxLength: 256, description: 'Ten characters or more.' })

export const SignedIn = exactly({
  person: Person,
  session: Type.String(),
  accessToken: Type.String({ description: 'A signed token for the Authorization header and the `hello` frame.' }),
  expiresAt: Time,
  refreshToken: Type.Optional(
    Type.String({ description: 'Only where `keep` is `token`; browsers get a cookie instead.' }),
  ),
})
export type SignedIn = Static<typeof SignedIn>

/** Where the refresh token goes: an HttpOnly cookie (browsers) or the reply (programs). */
export const Keep = oneOf('cookie', 'token')
export const DeviceName = line(80)

const credentials = { name: UserName, displayName: DisplayName, password: Password, device: DeviceName, keep: Keep }

/** A person as those see them who manage people. */
export const ManagedPerson = exactly({
  person: Person,
  createdAt: Time,
  /** Null unless they cannot sign in now; `until` is null where that is for good. */
  suspended: nullable(exactly({ at: Time, until: nullable(Time), reason: Type.String() })),
})
export type ManagedPerson = Static<typeof ManagedPerson>

export const peopleCommands = [
  command({
    name: 'people.signUp',
    rest: 'POST /people',
    access: 'anyone',
    carrier: 'rest',
    summary: 'Makes an account, with an invitation or where sign-up is open, and signs in.',
    input: exactly({ ...credentials, invitation: Type.Optional(Token) }),
    reply: SignedIn,
  }),
  command({
    name: 'people.me',
    rest: 'GET /me',
    access: 'signed_in',
    summary: 'One’s own profile.',
    input: Nothing,
    reply: Person,
  }),
  command({
    name: 'people.updateProfile',
    rest: 'PATCH /me',
    access: 'signed_in',
    summary: 'Changes one’s own profile; fields left out stay as they are.',
    input: exactly({
      displayName: Type.Optional(DisplayName),
      status: Type.Optional(line(100, 0)),
      timeZone: Type.Optional(line(64, 0)),
    }),
    reply: Person,
  }),
  command({
    name: 'people.changePassword',
    rest: 'POST /me/password',
    access: 'signed_in',
    summary: 'Changes one’s own password and ends all one’s other sessions.',
    input: exactly({ current: Type.String({ maxLength: 256 }), password: Password }),
    reply: Nothing,
  }),
  command({
    name: 'people.removePicture',
    rest: 'DELETE /me/picture',
    access: 'signed_in',
    summary: 'Removes one’s own picture.',
    input: Nothing,
    reply: Person,
  }),
  command({
    name: 'people.list',
    rest: 'GET /people',
    access: 'signed_in',
    summary: 'The people one may find, by name, optionally only names that begin with a prefix.',
    input: exactly({
      prefix: Type.Optional(line(64, 0)),
      after: Type.Optional(line(80)),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    }),
    reply: exactly({
      people: Type.Array(Person),
      next: nullable(Type.String({ description: 'Give it as `after` for the next page.' })),
    }),
  }),
  command({
    name: 'people.get',
    rest: 'POST /people/get',
    access: 'signed_in',
    summary:
      'The profiles of those of these people whom one may find or has a conversation with; the others are left out like unknown ids.',
    input: exactly({ people: Type.Array(PersonId, { maxItems: 200 }) }),
    reply: exactly({ people: Type.Array(Person) }),
  }),
  command({
    name: 'people.setRole',
    rest: 'PUT /people/{person}/role',
    access: 'signed_in',
    permission: 'people.manage',
    summary:
      'Gives a person another instance role. Nobody gives or takes more than they may do themselves, and the last owner keeps theirs.',
    input: exactly({ person: PersonId, role: RoleId }),
    reply: Person,
  }),
  command({
    name: 'people.admin',
    rest: 'GET /people/admin',
    access: 'signed_in',
    permission: 'people.manage',
    summary: 'The directory as `people.list` gives it, with who is suspended.',
    input: exactly({
      prefix: Type.Optional(line(64, 0)),
      after: Type.Optional(line(80)),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    }),
    reply: exactly({ people: Type.Array(ManagedPerson), next: nullable(Type.String()) }),
  }),
  command({
    name: 'people.suspend',
    rest: 'PUT /people/{person}/suspension',
    access: 'signed_in',
    permission: 'people.manage',
    summary:
      'Ends all sessions of a person and lets them begin none until then, or ever where `until` is null. Nobody suspends somebody who may do more than they, or the last owner.',
    input: exactly({ person: PersonId, until: nullable(Time), reason: line(500, 0) }),
    reply: Nothing,
  }),
  command({
    name: 'people.restore',
    rest: 'DELETE /people/{person}/suspension',
    access: 'signed_in',
    permission: 'people.manage',
    summary: 'Lifts a suspension.',
    input: exactly({ person: PersonId }),
    reply: Nothing,
  }),
  command({
    name: 'people.resetPassword',
    rest: 'POST /people/{person}/password-reset',
    access: 'signed_in',
    permission: 'people.manage',
    summary:
      'Makes a person’s password void and ends their sessions. With the token, for a day and once, they set a new one. Nobody does this to somebody who may do more than they.',
    input: exactly({ person: PersonId }),
    reply: exactly({ token: Type.String(), expiresAt: Time }),
  }),
  command({
    name: 'people.setPassword',
    rest: 'POST /password',
    access: 'anyone',
    carrier: 'rest',
    summary: 'Sets a new password with the token of a reset. Whatever is wrong with it, the answer is the same.',
    input: exactly({ token: Token, password: Password }),
    reply: Nothing,
  }),
] as const
