import { defaultDetails } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import { eventWords, manyWords } from './event-words.ts'

const event = { key: 'k', place: 3, at: '2026-11-20T12:00:00.000Z', by: 'ana' as never, person: 'ben' as never }
const names = { by: 'Ana', person: 'Ben', byMe: false, aboutMe: false }
const details = { ...defaultDetails.group, name: 'Choir' }

test('who came and went is told by who did it, and to oneself as "you"', () => {
  const joined = { ...event, kind: 'joined', supervisor: false } as const
  const left = { ...event, kind: 'left', supervisor: false } as const
  expect(eventWords(joined, names)).toBe('Ana added Ben.')
  expect(eventWords(joined, { ...names, byMe: true })).toBe('You added Ben.')
  expect(eventWords(joined, { ...names, aboutMe: true })).toBe('Ana added you.')
  expect(eventWords({ ...joined, by: event.person }, names)).toBe('Ben joined.')
  expect(eventWords(left, names)).toBe('Ana removed Ben.')
  expect(eventWords({ ...left, by: event.person }, names)).toBe('Ben left.')
  expect(eventWords({ ...event, kind: 'role', role: 'owner' }, { ...names, aboutMe: true })).toBe(
    'Ana made you an owner.',
  )
})

test('many are told in one line: those named first, oneself before all, and how many more', () => {
  const words = (...people: string[]) => manyWords(people as never, 'me' as never, (id) => id)
  expect(words('Ana', 'Ben')).toBe('Ana and Ben')
  expect(words('Ana', 'Ben', 'Cid')).toMatch(/^Ana, Ben,? and Cid$/)
  expect(words('Ana', 'Ben', 'Cid', 'Dan')).toMatch(/^Ana, Ben,? and 2 others$/)
  expect(words('Ana', 'Ben', 'Cid', 'me')).toMatch(/^you, Ana,? and 2 others$/)
  const joined = { ...event, kind: 'joined', supervisor: false } as const
  const person = words('Ana', 'Ben', 'Cid', 'Dan')
  expect(eventWords(joined, { ...names, by: 'Rita', person })).toMatch(/^Rita added Ana, Ben,? and 2 others\.$/)
  expect(eventWords(joined, { ...names, byMe: true, person })).toMatch(/^You added Ana, Ben,? and 2 others\.$/)
})

test('who supervises reads along, and comes and goes as such', () => {
  const joined = { ...event, kind: 'joined', supervisor: true } as const
  expect(eventWords(joined, names)).toBe('Ben reads along from here on.')
  expect(eventWords({ ...joined, kind: 'left' }, names)).toBe('Ben does not read along any more.')
})

test('that something was pinned is told, and what stands in the list of pins', () => {
  const row = { ...event, kind: 'pinned', pinned: true } as const
  expect(eventWords(row, names)).toBe('Ana pinned a message.')
  expect(eventWords(row, { ...names, byMe: true })).toBe('You pinned a message.')
  expect(eventWords({ ...row, pinned: false }, names)).toBe('Ana took a message from the pinned ones.')
})

test('who silences somebody reads it as their own deed', () => {
  const lifted = { ...event, kind: 'silenced', until: null } as const
  const until = '2026-11-20T13:00:00.000Z'
  expect(eventWords(lifted, names)).toBe('Ana let Ben write again.')
  expect(eventWords(lifted, { ...names, byMe: true })).toBe('You let Ben write again.')
  expect(eventWords({ ...lifted, until }, { ...names, byMe: true })).toMatch(/^You silenced Ben until /)
  expect(eventWords({ ...lifted, until }, { ...names, aboutMe: true })).toMatch(/^Ana silenced you until /)
})

test('a change is named where one thing changed', () => {
  const change = (now: Partial<typeof details>) => {
    const fields = Object.keys(now) as (keyof typeof details)[]
    return eventWords({ ...event, kind: 'changed', details: { ...details, ...now }, fields }, names)
  }
  expect(change({ name: 'The choir' })).toBe('Ana changed the name to “The choir”.')
  expect(change({ topic: 'Songs' })).toBe('Ana changed the topic: Songs')
  expect(change({ topic: '' })).toBe('Ana removed the topic.')
  expect(change({ picture: 'v1' })).toBe('Ana changed the picture.')
  expect(change({ picture: null })).toBe('Ana removed the picture.')
  expect(change({ closed: true })).toBe('Ana closed this.')
  expect(change({ slowSeconds: 60 })).toBe('Ana turned slow mode on: one message every 1 minute.')
  expect(change({ name: 'The choir', topic: 'Songs' })).toBe('Ana changed how this is run.')
})
