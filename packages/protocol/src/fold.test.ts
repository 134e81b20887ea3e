import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addSpan, applyEntry, countUnread, emptyView, heldDownTo, heldThrough, holes, type Span } from './fold.ts'
import type { Entry } from './messages.ts'
import { defaultDetails } from './rights.ts'
import type { PersonId } from './types.ts'

const [me, other] = ['me', 'other'] as [PersonId, PersonId]
const anySpan = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 12 }))
  .map(([from, length]): Span => ({ from, to: from + length }))

function placesOf(spans: readonly Span[]): number[] {
  return spans.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, index) => from + index))
}

test('spans hold exactly the places that were added, sorted, disjoint and joined where they touch', () => {
  fc.assert(
    fc.property(fc.array(anySpan, { maxLength: 30 }), (added) => {
      const spans = added.reduce<readonly Span[]>(addSpan, [])
      const expected = [...new Set(placesOf(added))].sort((one, two) => one - two)
      expect(placesOf(spans)).toEqual(expected)
      for (let index = 1; index < spans.length; index++)
        expect(spans[index]?.from).toBeGreaterThan((spans[index - 1]?.to ?? 0) + 1)
    }),
  )
})

test('holes are what is missing, and what is held has none', () => {
  fc.assert(
    fc.property(fc.array(anySpan, { maxLength: 20 }), anySpan, (added, asked) => {
      const spans = added.reduce<readonly Span[]>(addSpan, [])
      const held = new Set(placesOf(added))
      expect(placesOf(holes(spans, asked.from, asked.to))).toEqual(
        placesOf([asked]).filter((place) => !held.has(place)),
      )
      expect(heldThrough(spans, asked.from)).toBe(
        (placesOf([{ from: asked.from, to: 200 }]).find((place) => !held.has(place)) ?? 201) - 1,
      )
      let down = asked.to + 1
      while (held.has(down - 1) && down <= asked.to + 1 && held.has(asked.to)) down--
      expect(heldDownTo(spans, asked.to)).toBe(down)
    }),
  )
})

test('unread is what others said above the read place, whatever order it came in and however often', () => {
  const anyEntry = fc.record({
    kind: fc.constantFrom('message', 'message', 'joined', 'created'),
    sender: fc.constantFrom(me, other),
  })
  fc.assert(
    fc.property(fc.array(anyEntry, { maxLength: 60 }), fc.nat(70), fc.integer(), (log, read, seed) => {
      const entries = log.map((entry, index) => ({ ...entry, place: index + 1 })) as Pick<
        Entry,
        'kind' | 'sender' | 'place'
      >[]
      const expected = entries.filter(
        (entry) => entry.kind === 'message' && entry.sender === other && entry.place > read,
      ).length
      const shuffled = entries.toSorted((one, two) => ((one.place * seed) % 7) - ((two.place * seed) % 7))
      const held = entries.length > 0 ? [{ from: 1, to: entries.length }] : []
      expect(countUnread({ entries: shuffled, held, floor: 1, head: entries.length, read, me })).toEqual({
        count: expected,
        exact: true,
      })
    }),
  )
})

test('an unread count over a log with holes says that it is not exact', () => {
  const entries = [{ kind: 'message', sender: other, place: 9 }] as const
  const asked = { entries, held: [{ from: 8, to: 9 }], floor: 1, head: 9, me }
  expect(countUnread({ ...asked, read: 3 })).toEqual({ count: 1, exact: false })
  expect(countUnread({ ...asked, read: 7 })).toEqual({ count: 1, exact: true })
  expect(countUnread({ ...asked, read: 9 })).toEqual({ count: 0, exact: true })
})

test('the fold knows who is in a conversation and what was said, and passes over kinds it does not know', () => {
  const at = '2026-01-01T00:00:00.000Z'
  const details = defaultDetails.group
  const base = { conversation: 'c', at, id: 'i', clientId: 'k' } as unknown as Omit<Entry, 'kind' | 'body'>
  const log = [
    { ...base, place: 1, sender: me, kind: 'created', body: { details } },
    { ...base, place: 2, sender: other, kind: 'joined', body: { person: other } },
    { ...base, place: 3, sender: other, kind: 'message', body: { text: 'hello' } },
    { ...base, place: 4, sender: other, kind: 'from the future', body: {} },
    { ...base, place: 5, sender: other, kind: 'left', body: { person: other } },
  ] as unknown as Entry[]
  const members = new Map([[me, { role: 'owner', silencedUntil: null }]])
  expect(log.reduce(applyEntry, emptyView)).toEqual({ members, details, messages: [log[2]] })
})
