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

test('the fold knows who is in a conversation, how it is run and what was said, and passes over kinds it does not know', () => {
  const base = { conversation: 'c', at: '2026-01-01T00:00:00.000Z', id: 'i', clientId: 'k' }
  const details = { ...defaultDetails.group, name: 'Choir' }
  const renamed = { ...details, name: 'Chorus' }
  const until = '2026-01-02T00:00:00.000Z'
  const log = [
    { ...base, place: 1, sender: me, kind: 'created', body: { details } },
    { ...base, place: 2, sender: me, kind: 'joined', body: { person: other, members: 2 } },
    { ...base, place: 3, sender: other, kind: 'message', body: { text: 'hello' } },
    { ...base, place: 4, sender: other, kind: 'from the future', body: {} },
    { ...base, place: 5, sender: me, kind: 'changed', body: { details: renamed } },
    { ...base, place: 6, sender: me, kind: 'role', body: { person: other, role: 'moderator' } },
    { ...base, place: 7, sender: me, kind: 'silenced', body: { person: other, until } },
    { ...base, place: 8, sender: other, kind: 'left', body: { person: other, members: 1 } },
  ] as unknown as Entry[]
  const views = [...log.keys()].map((last) => log.slice(0, last + 1).reduce(applyEntry, emptyView))
  const membersAt = (place: number) => Object.fromEntries(views[place - 1]?.members ?? [])
  const owner = { role: 'owner', silencedUntil: null }
  expect(membersAt(1)).toEqual({ [me]: owner })
  expect(membersAt(2)).toEqual({ [me]: owner, [other]: { role: 'member', silencedUntil: null } })
  expect(membersAt(7)).toEqual({ [me]: owner, [other]: { role: 'moderator', silencedUntil: until } })
  expect(membersAt(8)).toEqual({ [me]: owner })
  expect(views[3]).toEqual({ ...views[2] })
  expect(views[3]?.details?.name).toBe('Choir')
  expect(views[7]).toMatchObject({ details: renamed, messages: [{ ...log[2], editedAt: null, deleted: null }] })
})

test('pinned is what is in view and not deleted, and the newest pin comes first', () => {
  const base = { conversation: 'c', at: '2026-01-01T00:00:00.000Z', sender: me, clientId: 'k' }
  const said = (place: number, id: string) => ({ ...base, place, id, kind: 'message', body: { text: id } })
  const pin = (place: number, target: string, pinned: boolean) => {
    return { ...base, place, id: `p${place}`, kind: 'pinned', target, body: { pinned } }
  }
  const log = [
    said(1, 'a'),
    said(2, 'b'),
    pin(3, 'a', true),
    pin(4, 'b', true),
    pin(5, 'elsewhere', true),
    pin(6, 'a', false),
    pin(7, 'a', true),
    { ...base, place: 8, id: 'd', kind: 'deleted', target: 'b', body: { by: 'sender' } },
    pin(9, 'b', true),
  ] as unknown as Entry[]
  const pins = [...log.keys()].map((last) =>
    log
      .slice(0, last + 1)
      .reduce(applyEntry, emptyView)
      .pins.join(' '),
  )
  expect(pins).toEqual(['', '', 'a', 'b a', 'b a', 'b', 'a b', 'a', 'a'])
})

test('a page with what is about it folds to the same messages as the whole log', () => {
  const at = (place: number) => new Date(place * 1000).toISOString()
  const anyStep = fc.record({ what: fc.constantFrom('say', 'say', 'edit', 'delete', 'join'), of: fc.nat() })
  let changed = 0
  fc.assert(
    fc.property(
      fc.array(anyStep, { minLength: 1, maxLength: 60 }),
      fc.nat(60),
      fc.nat(60),
      fc.boolean(),
      (steps, one, other, wiped) => {
        const log: Entry[] = []
        const deleted = new Set<string>()
        for (const { what, of } of steps) {
          const place = log.length + 1
          const base = { conversation: 'c', sender: me, at: at(place), place, id: `i${place}`, clientId: `k${place}` }
          const live = log.filter((entry) => entry.kind === 'message' && !deleted.has(entry.id))
          const target = live[of % Math.max(live.length, 1)]?.id
          const push = (entry: object) => log.push({ ...base, ...entry } as unknown as Entry)
          if (what === 'edit' && target) push({ kind: 'edited', target, body: { text: `edit ${place}` } })
          else if (what === 'delete' && target) {
            deleted.add(target)
            push({ kind: 'deleted', target, body: { by: of % 2 ? 'sender' : 'moderator' } })
          } else if (what === 'join') push({ kind: 'joined', body: { person: me, members: 1 } })
          else push({ kind: 'message', body: { text: `text ${place}` } })
        }
        // As the server stores it: of what was deleted the texts are gone. Who got the entries before has them still.
        const stored = log.map((entry) => {
          const about = entry.kind === 'edited' ? entry.target : entry.id
          return wiped && (entry.kind === 'message' || entry.kind === 'edited') && deleted.has(about)
            ? ({ ...entry, body: { text: '' } } as Entry)
            : entry
        })
        const [from, to] = [Math.min(one, other), Math.max(one, other)]
        const page = stored.filter((entry) => entry.place >= from && entry.place <= to)
        const shown = new Set(page.filter((entry) => entry.kind === 'message').map((entry) => entry.id))
        const newest = new Map<string, Entry>()
        for (const entry of stored)
          if ((entry.kind === 'edited' || entry.kind === 'deleted') && shown.has(entry.target))
            newest.set(`${entry.kind} ${entry.target}`, entry)
        const about = [...newest.values()].filter((entry) => entry.place > to).sort((a, b) => a.place - b.place)
        changed += about.length
        const whole = stored.reduce(applyEntry, emptyView).messages
        expect([...page, ...about].reduce(applyEntry, emptyView).messages).toEqual(
          whole.filter((message) => message.place >= from && message.place <= to),
        )
        for (const message of whole) if (message.deleted) expect(message.body.text).toBe('')
      },
    ),
  )
  expect(changed).toBeGreaterThan(0)
})
