import { expect, test } from 'vitest'
import { dayOf, isDay, mayFind, mayStart, saysSupervision, saysTie, type Tie } from './decisions.ts'
import type { Effects } from './relationships.ts'

const today = '2026-03-10'
const tie = (effects: Partial<Effects>, other: Partial<Tie> = {}): Tie => ({
  forward: true,
  fromDate: null,
  untilDate: null,
  effects: { find: 'none', start: 'none', supervises: false, ...effects },
  ...other,
})

test.each([
  ['none', false, false],
  ['forward', true, false],
  ['back', false, true],
  ['both', true, true],
] as const)('a kind that lets %s find lets the from-side: %s, and the to-side: %s', (find, forward, back) => {
  expect(mayFind([], [tie({ find }, { forward: true })], today)).toBe(forward)
  expect(mayFind([], [tie({ find }, { forward: false })], today)).toBe(back)
  // To find is not to begin a thread, nor the other way round.
  expect(mayStart([], [tie({ find })], today)).toBe(false)
  expect(mayStart([], [tie({ start: find }, { forward: true })], today)).toBe(forward)
  expect(mayFind([], [tie({ start: find })], today)).toBe(false)
})

test.each([
  [null, null, 'grants'],
  ['2026-03-10', '2026-03-10', 'grants'],
  ['2026-03-11', null, 'not_yet'],
  [null, '2026-03-09', 'expired'],
  ['2026-01-01', '2026-12-31', 'grants'],
] as const)('from %s until %s, both days included, on 10 March: %s', (fromDate, untilDate, says) => {
  const dated = tie({ find: 'both', start: 'both', supervises: true }, { fromDate, untilDate })
  expect(saysTie(dated, 'find', today)).toBe(says)
  expect(saysTie(dated, 'start', today)).toBe(says)
  expect(saysSupervision(dated, today)).toBe(says)
  expect(mayFind([], [dated], today)).toBe(says === 'grants')
  expect(mayStart([], [tie({}), dated], today)).toBe(says === 'grants')
})

test('a role does without relationships, each permission for its own', () => {
  expect(mayFind(['people.browse'], [], today)).toBe(true)
  expect(mayStart(['people.browse'], [], today)).toBe(false)
  expect(mayStart(['threads.start'], [], today)).toBe(true)
  expect(mayFind(['threads.start'], [], today)).toBe(false)
})

test('only the from-side supervises', () => {
  expect(saysSupervision(tie({ supervises: true }), today)).toBe('grants')
  expect(saysSupervision(tie({ supervises: true }, { forward: false }), today)).toBe('does_not_grant')
  expect(saysSupervision(tie({ find: 'both', start: 'both' }), today)).toBe('does_not_grant')
})

test('a day is a day of the calendar, in UTC', () => {
  expect(dayOf(new Date('2026-03-10T23:59:59.999Z'))).toBe('2026-03-10')
  expect(['2026-02-28', '2024-02-29'].map(isDay)).toEqual([true, true])
  expect(['2026-02-29', '2026-13-01', '10.03.2026', '2026-3-1', ''].map(isDay)).toEqual(Array(5).fill(false))
})
