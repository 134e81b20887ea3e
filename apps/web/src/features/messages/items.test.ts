import type { Row } from '@sotto/client'
import type { ClientId, EntryId, PersonId } from '@sotto/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lastRowOf, makeItems, planUpdate } from './items.ts'

const alice = 'alice' as PersonId
const bob = 'bob' as PersonId
const start = new Date(2026, 10, 20, 12, 0).getTime()

type Message = Extract<Row, { kind: 'message' }>
function message(place: number, sender: PersonId, minutes: number, more: Partial<Message> = {}): Message {
  const at = new Date(start + minutes * 60_000).toISOString()
  return {
    kind: 'message',
    key: `m${place}` as ClientId,
    id: `e${place}` as EntryId,
    place,
    sender,
    at,
    text: 'hello',
    edited: false,
    deleted: null,
    state: sender === alice ? 'sent' : null,
    readBy: 0,
    error: null,
    ...more,
  }
}
function itemsOf(rows: Row[], more: { newFrom?: number; atStart?: boolean; atEnd?: boolean } = {}) {
  return makeItems({
    many: false,
    rows,
    me: alice,
    atStart: more.atStart ?? true,
    atEnd: more.atEnd ?? true,
    newFrom: more.newFrom ?? null,
  }).filter((item) => item.kind === 'row')
}
const marks = (
  items: ReturnType<typeof itemsOf>,
  mark: 'startsDay' | 'startsNew' | 'startsGroup' | 'endsGroup' | 'lastOfMine' | 'held',
) => items.map((item) => (item[mark] ? 1 : 0)).join('')

describe('groups', () => {
  test('messages of one person within five minutes stand together', () => {
    const items = itemsOf([
      message(1, alice, 0),
      message(2, alice, 4),
      message(3, alice, 9.5),
      message(4, bob, 10),
      message(5, alice, 10.5),
    ])
    expect(marks(items, 'startsGroup')).toBe('10111')
    expect(marks(items, 'endsGroup')).toBe('01111')
  })

  test('a day and the divider part a group', () => {
    const lateAndEarly = [message(1, bob, 11 * 60 + 58), message(2, bob, 12 * 60 + 1), message(3, bob, 12 * 60 + 2)]
    expect(marks(itemsOf(lateAndEarly), 'startsGroup')).toBe('110')
    expect(marks(itemsOf(lateAndEarly), 'startsDay')).toBe('110')
    expect(marks(itemsOf(lateAndEarly, { newFrom: 3 }), 'startsGroup')).toBe('111')
  })
})

test('the first row of a window that goes on upwards has no day above it', () => {
  expect(marks(itemsOf([message(5, bob, 0), message(6, bob, 1)], { atStart: false }), 'startsDay')).toBe('00')
})

test('the divider stands above the first row from its place on, and above none when that is not in the window', () => {
  const rows = [message(5, bob, 0), message(7, bob, 1), message(8, bob, 2)]
  expect(marks(itemsOf(rows, { newFrom: 6 }), 'startsNew')).toBe('010')
  expect(marks(itemsOf(rows, { newFrom: 9 }), 'startsNew')).toBe('000')
})

test('the state stands under the last of my messages that was not refused', () => {
  const rows = [message(1, alice, 0), message(2, bob, 1), message(3, alice, 2, { state: 'failed', place: null })]
  expect(marks(itemsOf(rows), 'lastOfMine')).toBe('100')
  expect(marks(itemsOf(rows, { atEnd: false }), 'lastOfMine')).toBe('000')
  const taken = message(2, alice, 1, { deleted: 'moderator' })
  expect(marks(itemsOf([message(1, alice, 0), taken]), 'lastOfMine')).toBe('10')
})

test('that one reads along is said by the start, and that others do by a line', () => {
  const joined = { kind: 'joined', at: message(1, bob, 0).at, by: bob, supervisor: true } as const
  const rows: Row[] = [
    { ...joined, key: 'a' as ClientId, place: 3, person: alice },
    { ...joined, key: 'b' as ClientId, place: 4, person: bob },
  ]
  const items = makeItems({ rows, me: alice, many: true, atStart: true, atEnd: true, newFrom: null })
  expect(items.map(({ key }) => key)).toEqual(['start', 'b'])
})

describe('many who were added', () => {
  const event = (place: number, more: Partial<Extract<Row, { kind: 'joined' | 'left' }>> = {}): Row => ({
    ...{ kind: 'joined', key: `j${place}`, place, at: message(1, bob, 0).at, by: bob, supervisor: false },
    person: `p${place}` as PersonId,
    ...more,
  })
  const lines = (rows: Row[], more: { newFrom?: number } = {}) =>
    makeItems({ rows, me: alice, many: true, atStart: false, atEnd: true, newFrom: more.newFrom ?? null }).map(
      (item) => (item.kind === 'row' ? [item.key, item.also.length, lastRowOf(item).place] : []),
    )

  test('by one person are one line, with the key of the first', () => {
    expect(lines([event(3), event(4), event(5)])).toEqual([['j3', 2, 5]])
    // One more comes: the line stays the same one.
    expect(lines([event(3), event(4), event(5), event(6)])).toEqual([['j3', 3, 6]])
    expect(lines([event(3, { kind: 'left' }), event(4, { kind: 'left' })])).toEqual([['j3', 1, 4]])
  })

  test('are parted by whatever stands between, by who did it, and by what was done', () => {
    expect(lines([event(3), message(4, bob, 0), event(5)])).toHaveLength(3)
    expect(lines([event(3), event(4, { by: alice })])).toHaveLength(2)
    expect(lines([event(3), event(4, { kind: 'left' })])).toHaveLength(2)
    const tomorrow = message(1, bob, 24 * 60).at
    expect(lines([event(3), event(4, { at: tomorrow }), event(5, { at: tomorrow })])).toEqual([
      ['j3', 0, 3],
      ['j4', 1, 5],
    ])
    expect(lines([event(3), event(4), event(5)], { newFrom: 4 })).toEqual([
      ['j3', 0, 3],
      ['j4', 1, 5],
    ])
  })

  test('who comes by themselves or reads along has a line of their own', () => {
    expect(lines([event(3, { person: bob }), event(4)])).toHaveLength(2)
    expect(lines([event(3), event(4, { person: bob })])).toHaveLength(2)
    expect(lines([event(3, { supervisor: true }), event(4, { supervisor: true })])).toHaveLength(2)
  })
})

test('what waits behind a refused message is held, and what waits before it is not', () => {
  const [waiting, failed] = [{ state: 'waiting', place: null } as const, { state: 'failed', place: null } as const]
  const rows = [message(1, alice, 0, waiting), message(2, alice, 1, failed), message(3, alice, 2, waiting)]
  expect(marks(itemsOf(rows), 'held')).toBe('001')
})

describe('going from one window to the next', () => {
  const keyed = (from: number, to: number) =>
    Array.from({ length: Math.max(0, to - from) }, (_, index) => ({ key: String(from + index) }))
  const numbers = fc.integer({ min: 0, max: 60 })

  test('ends at the next window in steps that change one end at a time', () => {
    fc.assert(
      fc.property(numbers, numbers, numbers, numbers, (a, b, c, d) => {
        const shown = keyed(Math.min(a, b), Math.max(a, b))
        const next = keyed(Math.min(c, d), Math.max(c, d))
        const plan = planUpdate(shown, next)
        if (!plan) {
          const known = new Set(shown.map((item) => item.key))
          return !next.some((item) => known.has(item.key))
        }
        let before: readonly { key: string }[] = shown
        for (const step of plan) {
          const size = Math.min(before.length, step.items.length)
          const kept = step.shift
            ? [before.slice(-size || before.length), step.items.slice(-size || step.items.length)]
            : [before.slice(0, size), step.items.slice(0, size)]
          if (size > 0 && JSON.stringify(kept[0]) !== JSON.stringify(kept[1])) return false
          before = step.items
        }
        return JSON.stringify(before) === JSON.stringify(next)
      }),
    )
  })

  test('a waiting message that gets a place behind newer ones is one row before and after', () => {
    const plan = planUpdate([{ key: 'a' }, { key: 'mine' }], [{ key: 'a' }, { key: 'theirs' }, { key: 'mine' }])
    expect(plan).toEqual([{ items: [{ key: 'a' }, { key: 'theirs' }, { key: 'mine' }], shift: false }])
  })

  test('windows that have nothing in common start afresh', () => {
    expect(planUpdate(keyed(0, 5), keyed(10, 15))).toBeNull()
  })
})
