import type { ClientId, EntryId, PersonId } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { actsOn, type Message, type Standing } from './message-rights.ts'

const alice = 'alice' as PersonId
const bob = 'bob' as PersonId
const at = Date.parse('2026-11-20T12:00:00.000Z')
const settings = {
  enable_message_editing: true,
  message_edit_minutes: 60,
  enable_message_deletion: true,
  message_delete_minutes: 120,
}

function acts(sender: PersonId, standing: Partial<Standing> = {}, more: Partial<Message> = {}): string {
  const row: Message = {
    kind: 'message',
    key: 'k' as ClientId,
    id: 'e' as EntryId,
    place: 2,
    sender,
    at: new Date(at).toISOString(),
    text: 'hello',
    edited: false,
    deleted: null,
    state: null,
    readBy: 0,
    error: null,
    ...more,
  }
  return actsOn(row, {
    me: alice,
    mayWrite: true,
    moderates: false,
    mayPin: false,
    pins: new Set<EntryId>(),
    settings,
    now: at,
    ...standing,
  }).join(' ')
}

test('one’s own may be edited and deleted as long as the settings say', () => {
  expect(acts(alice)).toBe('copy edit delete')
  expect(acts(alice, { now: at + 61 * 60_000 })).toBe('copy delete')
  expect(acts(alice, { now: at + 121 * 60_000 })).toBe('copy')
  expect(acts(alice, { now: at + 121 * 60_000, settings: null })).toBe('copy edit delete')
  const always = { ...settings, message_edit_minutes: 0, message_delete_minutes: 0 }
  expect(acts(alice, { now: at + 1e12, settings: always })).toBe('copy edit delete')
  const never = { ...settings, enable_message_editing: false, enable_message_deletion: false }
  expect(acts(alice, { settings: never })).toBe('copy')
})

test('who may not write takes back and does not edit', () => {
  expect(acts(alice, { mayWrite: false })).toBe('copy delete')
})

test('what others wrote is reported, and deleted by those who moderate, whose own time does not run out', () => {
  expect(acts(bob)).toBe('copy report')
  expect(acts(bob, { moderates: true, now: at + 1e12 })).toBe('copy delete report')
  expect(acts(alice, { moderates: true, now: at + 1e12 })).toBe('copy delete')
})

test('who may pin is offered it, or to take the pin off', () => {
  expect(acts(bob, { mayPin: true })).toBe('copy pin report')
  expect(acts(bob, { mayPin: true, pins: new Set(['e' as EntryId]) })).toBe('copy unpin report')
  expect(acts(alice, { mayPin: true })).toBe('copy edit pin delete')
})

test('nothing is done with what is gone, or not yet there', () => {
  expect(acts(alice, {}, { deleted: 'sender' })).toBe('')
  expect(acts(alice, {}, { id: null, place: null, state: 'waiting' })).toBe('')
})
