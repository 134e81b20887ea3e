import { expect, test } from 'vitest'
import { type Archived, check, type History } from './checker.ts'

const archive: Archived[] = [1, 2, 3, 4].map((place) => ({
  place: place + 2,
  clientId: `c${place}`,
  sender: 'alice',
  text: `m${place}`,
}))
const places = [1, 2, 3, 4, 5, 6]
const rows = archive.map(({ clientId, place, text }) => ({ clientId, place, text }))
const good: History = {
  promised: new Map([['alice', ['c1', 'c2', 'c3', 'c4']]]),
  acknowledged: rows.map(({ clientId, place }) => ({ clientId, place })),
  shown: new Map([['bob', rows]]),
}
const swapped = [rows[0], rows[2], rows[1], rows[3]] as typeof rows

test('the checker finds nothing where nothing is wrong', () => {
  expect(check(good, archive, places)).toEqual([])
})

test.each<[string, History, Archived[], number[]]>([
  ['lost', good, archive.slice(0, 3), places.slice(0, 5)],
  ['lost', { ...good, acknowledged: [{ clientId: 'c9', place: 9 }] }, archive, places],
  ['lost', { ...good, promised: new Map([['alice', ['c1', 'c9']]]) }, archive, places],
  [
    'lost',
    { ...good, shown: new Map([['bob', [...rows, { clientId: 'c9', place: 7, text: 'm9' }]]]) },
    archive,
    places,
  ],
  ['doubled', good, [...archive, { place: 7, clientId: 'c2', sender: 'alice', text: 'm2' }], [...places, 7]],
  ['doubled', { ...good, shown: new Map([['bob', [...rows, rows[1] as (typeof rows)[0]]]]) }, archive, places],
  ['disordered', { ...good, promised: new Map([['alice', ['c2', 'c1', 'c3', 'c4']]]) }, archive, places],
  ['disordered', { ...good, acknowledged: [{ clientId: 'c1', place: 4 }] }, archive, places],
  ['disordered', { ...good, shown: new Map([['bob', swapped]]) }, archive, places],
  ['gap', { ...good, shown: new Map([['bob', rows.slice(1)]]) }, archive, places],
  ['gap', good, archive, [1, 2, 3, 5, 6]],
])('the checker finds a seeded fault: %s', (kind, history, stored, of) => {
  expect(check(history, stored, of).some((fault) => fault.startsWith(kind))).toBe(true)
})
