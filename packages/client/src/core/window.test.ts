import type { ConversationId, PersonId, Receipt, Span } from '@sotto/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMemoryStore, MemoryDisk } from '#client/stores/memory.ts'
import { latest, texts, World, windowOn } from '#client/testing/people.ts'
import { newConversation } from './conversation.ts'
import type { Store } from './store.ts'
import { frameOf, messageState, runAround } from './window.ts'

const conversation = 'conversation' as ConversationId
const bob = 'bob' as PersonId

function record(head: number, held: readonly Span[], since = 1) {
  return { ...newConversation(conversation), head, floor: 1, held, since }
}

describe('the part of a conversation that its end shows', () => {
  const window = { anchor: 'end', before: 50, after: 0 } as const
  const cases: [string, Parameters<typeof record>, Span | null][] = [
    ['nothing while nothing is held', [100, []], null],
    ['the newest entries', [100, [{ from: 1, to: 100 }]], { from: 51, to: 100 }],
    ['all of a short one', [10, [{ from: 1, to: 10 }]], { from: 1, to: 10 }],
    [
      'what is below a gap that is being closed',
      [
        100,
        [
          { from: 1, to: 90 },
          { from: 95, to: 100 },
        ],
      ],
      { from: 41, to: 90 },
    ],
    [
      'the newest part once it fills a screen',
      [
        300,
        [
          { from: 1, to: 90 },
          { from: 201, to: 300 },
        ],
      ],
      { from: 251, to: 300 },
    ],
    [
      'the newest part when nobody closes the gap',
      [
        9_000,
        [
          { from: 1, to: 90 },
          { from: 8_990, to: 9_000 },
        ],
        8_990,
      ],
      { from: 8_990, to: 9_000 },
    ],
  ]
  test.each(cases)('%s', (_, [head, held, since], shown) => {
    expect(frameOf(record(head, held, since), window).shown).toEqual(shown)
  })
})

test('a window asks for what it lacks and a little more, within the conversation', () => {
  const held = [{ from: 81, to: 100 }]
  expect(frameOf(record(100, held), { anchor: 'end', before: 20, after: 0 }).lacks).toBeNull()
  expect(frameOf(record(100, held), { anchor: 'end', before: 30, after: 0 }).lacks).toEqual({ from: 21, to: 100 })
  expect(frameOf(record(100, held), { anchor: 'end', before: 500, after: 0 }).lacks).toEqual({ from: 1, to: 100 })
  expect(frameOf(record(100, held), { anchor: 40, before: 5, after: 5 })).toMatchObject({
    shown: null,
    lacks: { from: 1, to: 95 },
  })
})

test('a window never shows a hole, whatever is held and in memory', () => {
  const spans = fc.uniqueArray(fc.integer({ min: 1, max: 60 })).map((places) => new Set(places))
  fc.assert(
    fc.property(spans, fc.integer({ min: 1, max: 60 }), (inMemory, anchor) => {
      const run = runAround({ from: 5, to: 50 }, anchor, (place) => inMemory.has(place))
      if (!run) return
      for (let place = run.from; place <= run.to; place++) expect(inMemory.has(place)).toBe(true)
      expect(run.from === 5 || !inMemory.has(run.from - 1)).toBe(true)
      expect(run.to === 50 || !inMemory.has(run.to + 1)).toBe(true)
    }),
  )
})

test('a message is as far as the slowest of the others', () => {
  const receipt = (delivered: number, read: number) => ({ person: bob, delivered, read })
  const state = (receipts: readonly Receipt[], shareRead: boolean, members = receipts.length + 1) =>
    messageState(5, { receipts, members, card: null }, shareRead)
  expect(state([], true)).toBe('sent')
  expect(state([receipt(4, 4)], true)).toBe('sent')
  expect(state([receipt(5, 4)], true)).toBe('delivered')
  expect(state([receipt(0, 5)], true)).toBe('read')
  expect(state([receipt(0, 5)], false)).toBe('delivered')
  expect(state([receipt(9, 9), receipt(5, 2)], true)).toBe('delivered')
  expect(state([receipt(9, 9), receipt(2, 2)], true)).toBe('sent')
  // Nobody knows of the third.
  expect(state([receipt(9, 9), receipt(9, 9)], true, 4)).toBe('sent')
})

test('a hundred thousand messages are scrolled through with few of them on the device', {
  timeout: 60_000,
}, async () => {
  const world = new World()
  const alice = world.server.addPerson('alice')
  const carol = world.server.addPerson('carol')
  const long = world.server.addConversation([alice.id, carol.id], 100_000)
  world.server.run(alice.id, 'receipts.read', { conversation: long, place: 100_000 })
  const disk = new MemoryDisk()
  const client = await world.online(alice, disk)
  let window = windowOn(client, { conversation: long }, { anchor: 'end', before: 60, after: 0 })
  await world.clock.passUntil(() => window.value.rows.length === 60)
  for (let anchor = 99_900; anchor > 99_000; anchor -= 50) {
    const before = window
    window = windowOn(client, { conversation: long }, { anchor, before: 60, after: 60 })
    before.stop()
    await world.clock.passUntil(() => window.value.rows.length === 120 && !window.value.loading)
    const rows = window.value.rows.map((row) => row.place)
    expect(rows).toEqual(Array.from({ length: 120 }, (_, index) => anchor - 59 + index))
  }
  expect(disk.entries.get(long)?.size).toBeLessThan(1_500)
  await client.close()
})

test('nobody is told what they know, and rows that did not change are the same objects', async () => {
  const world = new World()
  const alice = world.server.addPerson('alice')
  const dave = world.server.addPerson('dave')
  const eve = world.server.addPerson('eve')
  const mine = world.server.addConversation([alice.id, dave.id], 20)
  const other = world.server.addConversation([alice.id, eve.id], 20)
  const client = await world.online(alice)
  const window = windowOn(client, { conversation: mine })
  await world.clock.passUntil(() => window.value.rows.length === 20 && window.value.other !== null)
  await world.clock.pass(2_000)
  const { count } = window
  const rows = [...window.value.rows]
  for (let number = 0; number < 10; number++) world.server.say(other, eve.id, `elsewhere ${number}`)
  await world.clock.pass(5_000)
  expect(window.count).toBe(count)
  world.server.say(mine, dave.id, 'here')
  await world.clock.pass(10)
  expect(texts(window.value).at(-1)).toBe('here')
  expect(window.value.rows.slice(0, 20).every((row, index) => row === rows[index])).toBe(true)
  await client.close()
})

test('what gathers while the store is busy commits together and is one change for a watcher', async () => {
  const world = new World()
  const alice = world.server.addPerson('alice')
  const dave = world.server.addPerson('dave')
  const mine = world.server.addConversation([alice.id, dave.id], 1)
  const fast = createMemoryStore()
  let writes = 0
  const store: Store = {
    ...fast,
    async write(change) {
      writes++
      await new Promise<void>((resolve) => world.clock.after(5, resolve))
      return fast.write(change)
    },
  }
  const client = await world.online(alice, undefined, { store })
  const list = latest(client, 'conversations', { archived: false })
  await world.clock.pass(5_000)
  const { count } = list
  writes = 0
  for (let number = 0; number < 500; number++) world.server.say(mine, dave.id, `quick ${number}`)
  await world.clock.pass(100)
  expect(list.value[0]?.last?.text).toBe('quick 499')
  expect(list.count - count).toBeLessThan(10)
  expect(writes).toBeLessThan(10)
  await client.close()
})
