import Type, { type Static } from 'typebox'
import { command } from './define.ts'
import { DeviceName, DisplayName, Keep, Password, SignedIn, UserName } from './people.ts'
import { RoleId } from './roles.ts'
import { exactly, InvitationId, line, Nothing, nullable, Time, Token } from './types.ts'

/** What anyone who opens the page learns of the instance. */
export const Instance = exactly({
  name: Type.String(),
  ready: Type.Boolean({ description: 'False until the first admin exists.' }),
  openSignUp: Type.Boolean({ description: 'Whether people may sign up without an invitation.' }),
})
export type Instance = Static<typeof Instance>

export const Invitation = exactly({
  id: InvitationId,
  role: RoleId,
  usesLeft: Type.Integer({ minimum: 0 }),
  expiresAt: Time,
  createdAt: Time,
})
export type Invitation = Static<typeof Invitation>

export const instanceCommands = [
  command({
    name: 'instance.get',
    rest: 'GET /instance',
    access: 'anyone',
    carrier: 'rest',
    summary: 'The instance, as anyone may see it.',
    input: Nothing,
    reply: Instance,
  }),
  command({
    name: 'instance.setUp',
    rest: 'POST /setup',
    access: 'anyone',
    carrier: 'rest',
    summary: 'Makes the first admin and names the instance, once, with the token of the setup link.',
    input: exactly({
      setup: Token,
      instance: line(64),
      name: UserName,
      displayName: DisplayName,
      password: Password,
      device: DeviceName,
      keep: Keep,
    }),
    reply: SignedIn,
  }),
  command({
    name: 'instance.update',
    rest: 'PATCH /instance',
    access: 'signed_in',
    permission: 'instance.manage',
    summary: 'Changes the instance’s name and whether sign-up is open; fields left out stay as they are.',
    input: exactly({ name: Type.Optional(line(64)), openSignUp: Type.Optional(Type.Boolean()) }),
    reply: Instance,
  }),
  command({
    name: 'instance.rotateKeys',
    rest: 'POST /instance/rotate-keys',
    access: 'signed_in',
    permission: 'instance.manage',
    summary: 'Gives every conversation a new data key for what comes next; what is stored stays readable.',
    input: Nothing,
    reply: exactly({ conversations: Type.Integer({ minimum: 0 }) }),
  }),
] as const

export const invitationCommands = [
  command({
    name: 'invitations.create',
    rest: 'POST /invitations',
    access: 'signed_in',
    permission: 'people.invite',
    summary:
      'Makes an invitation link, which counts as long as one may make it. Its token is shown only in this reply.',
    input: exactly({
      role: RoleId,
      uses: Type.Integer({ minimum: 1, maximum: 10_000 }),
      expiresInHours: Type.Integer({ minimum: 1, maximum: 24 * 90 }),
    }),
    reply: exactly({ invitation: Invitation, token: Type.String() }),
  }),
  command({
    name: 'invitations.list',
    rest: 'GET /invitations',
    access: 'signed_in',
    permission: 'people.invite',
    summary: 'Invitations that can still be used.',
    input: Nothing,
    reply: exactly({ invitations: Type.Array(Invitation) }),
  }),
  command({
    name: 'invitations.revoke',
    rest: 'DELETE /invitations/{invitation}',
    access: 'signed_in',
    permission: 'people.invite',
    summary: 'Ends an invitation.',
    input: exactly({ invitation: InvitationId }),
    reply: Nothing,
  }),
  command({
    name: 'invitations.preview',
    rest: 'POST /invitations/preview',
    access: 'anyone',
    carrier: 'rest',
    summary: 'Who invites to what, for the page behind an invitation link.',
    input: exactly({ invitation: Token }),
    reply: exactly({ instance: Type.String(), invitedBy: nullable(Type.String()), role: RoleId }),
  }),
] as const
