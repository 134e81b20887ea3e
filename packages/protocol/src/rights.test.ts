import { expect, test } from 'vitest'
import type { Details, MemberRole } from './conversations.ts'
import { allPermissions, builtInRoles, mayGive, type Permission } from './permissions.ts'
import { type Act, completeDetails, defaultDetails, memberMay, outranks } from './rights.ts'

const roles: readonly MemberRole[] = ['owner', 'moderator', 'member', 'reader']
const acts: readonly Act[] = ['post', 'invite', 'change', 'moderate', 'pin', 'manage']

/** Rows are roles, columns acts; `x` where one may. */
function tableOf(details: Details): string {
  return roles.map((role) => acts.map((act) => (memberMay(role, act, details) ? 'x' : '.')).join(' ')).join(' | ')
}

test.each([
  ['a group', defaultDetails.group, 'x x x x x x | x x x x x . | x x x . x . | . . . . . .'],
  ['a channel', defaultDetails.channel, 'x x x x x x | x x x x x . | x x . . . . | . . . . . .'],
  ['a thread', defaultDetails.thread, 'x x x x x x | x . . . x . | x . . . x . | . . . . . .'],
  [
    'an announcement channel',
    { ...defaultDetails.channel, rights: { ...defaultDetails.channel.rights, post: 'moderator' } },
    'x x x x x x | x x x x x . | . x . . . . | . . . . . .',
  ],
  [
    'what only owners run',
    {
      ...defaultDetails.group,
      rights: { post: 'owner', invite: 'owner', change: 'owner', moderate: 'owner', pin: 'owner' },
    },
    'x x x x x x | . . . . . . | . . . . . . | . . . . . .',
  ],
  [
    'a closed channel',
    { ...defaultDetails.channel, closed: true },
    '. x x x . x | . x x x . . | . x . . . . | . . . . . .',
  ],
] as const)('who may post, invite, change, moderate, pin and manage in %s', (_, details, table) => {
  expect(tableOf(details)).toBe(table)
})

test('what was stored before there was a right has the default of its kind, and keeps its own', () => {
  const { pin: _, ...rights } = { ...defaultDetails.channel.rights, post: 'moderator' as const }
  const stored = { ...defaultDetails.channel, name: 'chess', rights }
  expect(completeDetails('channel', stored)).toEqual({ ...stored, rights: { ...rights, pin: 'moderator' } })
  expect(completeDetails('group', {})).toEqual(defaultDetails.group)
})

test('moderators answer to owners, and nobody acts on an equal', () => {
  const table = roles.map((one) => roles.map((other) => (outranks(one, other) ? 'x' : '.')).join(' ')).join(' | ')
  expect(table).toBe('. x x x | . . x x | . . . x | . . . .')
})

test('what the built-in roles permit', () => {
  const may = (role: keyof typeof builtInRoles) =>
    allPermissions.filter((permission) => (builtInRoles[role] as readonly Permission[]).includes(permission))
  expect(may('owner')).toEqual(allPermissions)
  expect(may('admin')).toEqual(allPermissions.filter((permission) => permission !== 'instance.own'))
  expect(may('moderator')).toEqual([...may('member'), 'messages.moderate'])
  expect(may('member')).toEqual(['people.browse', 'threads.start', 'groups.create', 'channels.browse'])
  expect(may('guest')).toEqual([])
})

test('nobody hands out more than they have', () => {
  const names = ['owner', 'admin', 'moderator', 'member', 'guest'] as const
  const table = names
    .map((one) => names.map((other) => (mayGive(builtInRoles[one], builtInRoles[other]) ? 'x' : '.')).join(' '))
    .join(' | ')
  expect(table).toBe('x x x x x | . x x x x | . . x x x | . . . x x | . . . . x')
})
