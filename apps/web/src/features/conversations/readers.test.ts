import { defaultDetails } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import { nameOf } from './naming.ts'
import { hasFreeSeat } from './pairs.ts'
import { readersWords } from './readers.ts'

function readers(kind: 'thread' | 'group' | 'channel', more: object = {}) {
  const card = { kind, policy: 'managed' } as never
  return readersWords({ card, other: null, pair: [], members: 5, details: defaultDetails[kind], ...more })
}

const other = { id: 'ana', displayName: 'Ana' }
const tess = { person: 'tess', name: 'tess', displayName: 'Tess', by: [{ kind: 'teacher-of', name: '', of: 'me' }] }

test('who reads a supervised thread along is named, before and after the first message', () => {
  const look = { conversation: null, mayWrite: true, policy: 'supervised', supervisors: [tess] }
  const words = 'Supervised: you, Ana, Tess and your organisation can read'
  expect(readers('thread', { card: null, other, look })).toBe(words)
  const card = { kind: 'thread', policy: 'supervised', role: 'member', with: 'ana' }
  expect(readers('thread', { card, other, look })).toBe(words)
  expect(readers('thread', { card, other })).toBe(
    'Supervised: you, Ana, those who read along and your organisation can read',
  )
})

test('who reads a thread along is one of those who can read it', () => {
  const card = { kind: 'thread', policy: 'supervised', role: 'reader', with: null }
  const pair = [{ displayName: 'Ana' }, { displayName: 'Ben' }]
  const along = (members: number, more = {}) => readers('thread', { card, pair, members, ...more })
  expect(along(3)).toBe('Supervised: Ana and Ben, you and your organisation can read')
  expect(along(4)).toBe('Supervised: Ana and Ben, you, 1 other who reads along and your organisation can read')
  expect(along(5)).toBe('Supervised: Ana and Ben, you, 2 others who read along and your organisation can read')
  expect(along(0)).toBe('Supervised: Ana and Ben, you, whoever else reads along and your organisation can read')
  expect(along(3, { pair: [] })).toBe('Supervised: The two in it, you and your organisation can read')
})

test('a thread of two others is no free seat', () => {
  const card = { kind: 'thread', role: 'member', with: null } as never
  expect(hasFreeSeat(card)).toBe(true)
  expect(nameOf({ card, details: null, other: null, pair: [] })).toBe('Thread with a free seat')
  const supervised = { kind: 'thread', role: 'reader', with: null, conversation: 'c' } as never
  expect(hasFreeSeat(supervised)).toBe(false)
  const seen = { card: supervised, details: null, other: null }
  expect(nameOf({ ...seen, pair: [] })).toBe('A thread you read along')
  expect(nameOf({ ...seen, pair: [{ displayName: 'Ana' }, { displayName: 'Ben' }] as never })).toBe('Ana and Ben')
})

test('everybody who could read a conversation is named', () => {
  expect(readers('thread', { other: { displayName: 'Ana' } })).toBe('Managed: you, Ana and your organisation can read')
  expect(readers('thread')).toBe('Managed: you, whoever joins and your organisation can read')
  expect(readers('group')).toBe('Managed: 5 members and the organisation’s admins can read')
  expect(readers('group', { members: 1 })).toBe('Managed: 1 member and the organisation’s admins can read')
  expect(readers('channel')).toBe('Managed: everybody here who may browse channels can join and read')
  expect(readers('channel', { details: { ...defaultDetails.channel, listed: false } })).toBe(
    'Managed: 5 members and the organisation’s admins can read',
  )
})
