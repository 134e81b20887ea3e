import type { ConversationId } from '@sotto/protocol'
import { needsReading } from '@sotto/protocol/pure'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MemoryDisk } from '#client/stores/memory.ts'
import { fairWeather } from '#client/testing/fake-server.ts'
import { itemFor, latest, messageRows, World, windowOn } from '#client/testing/people.ts'

async function aliceAndBob(count: number) {
  const world = new World()
  const alice = world.server.addPerson('alice')
  const bob = world.server.addPerson('bob')
  const conversation = world.server.addConversation([alice.id, bob.id], count)
  const disk = new MemoryDisk()
  const client = await world.online(alice, disk)
  const readPlaces = () =>
    world.server.log.filter(({ type }) => type === 'receipts.read').map(({ input }) => input.place as number)
  return { world, alice, bob, conversation, disk, client, readPlaces }
}

test('what was read is read at once here, is told in few words and never taken back', async () => {
  const { world, alice, conversation, client, readPlaces } = await aliceAndBob(20)
  const window = windowOn(client, { conversation })
  expect(window.value.firstUnread).toBe(2)
  for (const place of [3, 8, 5, 12, 2]) await client.markRead(conversation, place)
  expect(window.value).toMatchObject({ read: 12, firstUnread: 14, unread: { count: 4, exact: true } })
  await world.clock.pass(5_000)
  expect(readPlaces()).toEqual([12])
  await client.markRead(conversation, 7)
  await client.markRead(conversation, 1_000)
  await world.clock.pass(5_000)
  expect(readPlaces()).toEqual([12, 20])
  expect(world.server.readPlaceOf(alice.id, conversation)).toBe(20)
  expect(window.value).toMatchObject({ firstUnread: null, unread: { count: 0, exact: true } })
  await client.close()
})

test('what was read without a network is told when there is one, also after a restart', async () => {
  const { world, alice, conversation, client, disk } = await aliceAndBob(10)
  world.server.socketsOpen = false
  world.server.restOpen = false
  world.server.cutAll()
  await client.markRead(conversation, 10)
  await client.close()
  world.server.socketsOpen = true
  world.server.restOpen = true
  const next = world.client(disk)
  await world.during(next.resume())
  await world.clock.passUntil(() => world.server.readPlaceOf(alice.id, conversation) === 10, 10_000)
  await next.close()
})

test('what is read on another device is read here', async () => {
  const { world, alice, conversation, client } = await aliceAndBob(10)
  const list = latest(client, 'conversations', { archived: false })
  expect(itemFor(list.value, conversation)?.unread.count).toBe(5)
  world.server.run(alice.id, 'receipts.read', { conversation, place: 9 })
  await world.clock.passUntil(() => itemFor(list.value, conversation)?.unread.count === 1, 1_000, 10)
  await client.close()
})

test('delivered is told once for many, only for messages of others, and up to where nothing is missing', async () => {
  const { world, bob, conversation, client } = await aliceAndBob(0)
  const told = () =>
    world.server.log.filter(({ type }) => type === 'receipts.delivered').map(({ input }) => input.place)
  await client.send({ conversation }, 'mine')
  await world.clock.pass(5_000)
  expect(told()).toEqual([])
  for (let number = 0; number < 100; number++) world.server.say(conversation, bob.id, `message ${number}`)
  await world.clock.pass(5_000)
  expect(told()).toEqual([101])
  await client.close()
})

test('who does not share how far they have read does not see it of others', async () => {
  const { world, bob, conversation, client } = await aliceAndBob(0)
  const window = windowOn(client, { conversation })
  await client.send({ conversation }, 'mine')
  await world.clock.pass(1_000)
  world.server.run(bob.id, 'receipts.read', { conversation, place: 1 })
  await world.clock.passUntil(() => messageRows(window.value)[0]?.state === 'read')
  await world.during(client.call('settings.update', { shareRead: false }))
  expect(messageRows(window.value)[0]?.state).toBe('delivered')
  expect(window.value.receipts).toEqual([{ person: bob.id, delivered: 0, read: 0 }])
  await client.close()
})

test('unread is what the log says, whatever comes in whatever order', { timeout: 120_000 }, async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constantFrom('bob', 'alice', 'lost'), count: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ kind: fc.constantFrom('read here', 'read there'), count: fc.nat(100) }),
    fc.record({ kind: fc.constantFrom('cut', 'restart', 'pass'), count: fc.nat(2_000) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(step, { maxLength: 25 }), async (seed, steps) => {
      const world = new World(seed)
      const alice = world.server.addPerson('alice')
      const bob = world.server.addPerson('bob')
      const conversation: ConversationId = world.server.addConversation([alice.id, bob.id], 3)
      const disk = new MemoryDisk()
      let client = await world.online(alice, disk)
      let list = latest(client, 'conversations', { archived: false })
      world.server.weather = { ...fairWeather, delayMs: 50, reorder: true, duplicatePush: 0.2, dropPush: 0.1 }
      const readPlaces: number[] = []
      const look = () => {
        const window = windowOn(client, { conversation }, { anchor: 'end', before: 1, after: 0 })
        window.stop()
        readPlaces.push(window.value.read)
        return window.value
      }
      for (const { kind, count } of steps) {
        const part = Math.floor((world.server.entriesOf(conversation).length * count) / 100)
        if (kind === 'bob') for (let index = 0; index < count; index++) world.server.say(conversation, bob.id, 'x')
        else if (kind === 'lost')
          for (let index = 0; index < count; index++) world.server.say(conversation, bob.id, 'x', false)
        else if (kind === 'alice') await client.send({ conversation }, 'mine')
        else if (kind === 'read here') await client.markRead(conversation, part)
        else if (kind === 'read there') world.server.run(alice.id, 'receipts.read', { conversation, place: part })
        else if (kind === 'cut') world.server.cutAll()
        else if (kind === 'pass') await world.clock.pass(count)
        else {
          client = world.client(disk)
          await world.during(client.resume())
          list = latest(client, 'conversations', { archived: false })
        }
        look()
      }
      world.server.weather = fairWeather
      // Long enough for what was lost to be noticed.
      await world.clock.pass(300_000)
      await world.caughtUp(client)
      expect(readPlaces).toEqual([...readPlaces].sort((a, b) => a - b))
      const read = world.server.readPlaceOf(alice.id, conversation)
      expect(look().read).toBe(read)
      const unread = world.server
        .entriesOf(conversation)
        .filter((entry) => entry.place > read && needsReading(entry, alice.id))
      const expected = unread.length > 99 ? { count: 99, exact: false } : { count: unread.length, exact: true }
      expect(itemFor(list.value, conversation)?.unread).toEqual(expected)
      if (unread.length <= 99) expect(look().firstUnread).toBe(unread[0]?.place ?? null)
      await client.close()
    }),
    { numRuns: Number(process.env.SOTTO_RUNS ?? 60), endOnFailure: true },
  )
})
