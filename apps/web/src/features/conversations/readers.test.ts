import { defaultDetails } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import { readersWords } from './readers.ts'

function readers(kind: 'thread' | 'group' | 'channel', more: object = {}) {
  const card = { kind, policy: 'managed' } as never
  return readersWords({ card, other: null, members: 5, details: defaultDetails[kind], ...more })
}

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
