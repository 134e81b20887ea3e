import Type, { type Static } from 'typebox'
import { command } from './define.ts'
import { DeviceName, Keep, SignedIn } from './people.ts'
import { exactly, Nothing, SessionId, Time, Token } from './types.ts'

/** One of one's own sign-ins. */
export const Session = exactly({
  id: SessionId,
  device: Type.String(),
  address: Type.String({ description: 'The network address it was last used from.' }),
  createdAt: Time,
  lastUsedAt: Time,
  current: Type.Boolean(),
})
export type Session = Static<typeof Session>

export const sessionCommands = [
  command({
    name: 'sessions.signIn',
    rest: 'POST /sessions',
    access: 'anyone',
    carrier: 'rest',
    summary: 'Signs in. An unknown name and a wrong password get the same answer in the same time.',
    input: exactly({
      name: Type.String({ maxLength: 64 }),
      password: Type.String({ maxLength: 256 }),
      device: DeviceName,
      keep: Keep,
    }),
    reply: SignedIn,
  }),
  command({
    name: 'sessions.refresh',
    rest: 'POST /sessions/refresh',
    access: 'anyone',
    carrier: 'rest',
    summary:
      'Exchanges the refresh token (cookie or field) for the next one and a new access token. Reuse of an older one ends the session.',
    input: exactly({ refreshToken: Type.Optional(Token) }),
    reply: SignedIn,
  }),
  command({
    name: 'sessions.signOut',
    rest: 'POST /sessions/sign-out',
    access: 'signed_in',
    summary: 'Ends the session that asks.',
    input: Nothing,
    reply: Nothing,
  }),
  command({
    name: 'sessions.list',
    rest: 'GET /sessions',
    access: 'signed_in',
    summary: 'One’s own sessions, the latest used first.',
    input: Nothing,
    reply: exactly({ sessions: Type.Array(Session) }),
  }),
  command({
    name: 'sessions.revoke',
    rest: 'DELETE /sessions/{session}',
    access: 'owner',
    summary: 'Ends one of one’s own sessions; its connections close within a second.',
    input: exactly({ session: SessionId }),
    reply: Nothing,
  }),
] as const
