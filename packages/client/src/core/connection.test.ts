import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ConnectionState } from '#client/api.ts'
import { MemoryDisk } from '#client/stores/memory.ts'
import { FakeRandom } from '#client/testing/fake-clock.ts'
import { fairWeather } from '#client/testing/fake-server.ts'
import { latest, texts, World, windowOn } from '#client/testing/people.ts'
import { backoffMs, longestBackoffMs, shortestBackoffMs } from './backoff.ts'

test('the wait before a try is anything up to a limit that doubles from half a second to thirty seconds', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 100 }), (seed, failures) => {
      const wait = backoffMs(failures, new FakeRandom(seed))
      expect(wait).toBeGreaterThanOrEqual(0)
      expect(wait).toBeLessThan(Math.min(longestBackoffMs, shortestBackoffMs * 2 ** (failures - 1)))
    }),
  )
  const random = new FakeRandom(7)
  const waits = Array.from({ length: 2_000 }, () => backoffMs(20, random))
  expect(waits.reduce((sum, wait) => sum + wait) / waits.length / longestBackoffMs).toBeCloseTo(0.5, 1)
})

async function alone() {
  const world = new World()
  const alice = world.server.addPerson('alice')
  const bob = world.server.addPerson('bob')
  const conversation = world.server.addConversation([alice.id, bob.id], 1)
  const disk = new MemoryDisk()
  const client = await world.online(alice, disk)
  const connection = latest(client, 'connection', {})
  const isOnline = () => connection.value.phase === 'online'
  return { world, alice, bob, conversation, disk, client, connection, isOnline }
}

function waitOf(state: ConnectionState, world: World): number {
  if (state.phase !== 'offline') throw new Error(`it is ${state.phase}`)
  return state.retryAt - world.clock.now()
}

test('a connection that breaks is opened again, and the tries become rarer while the network is away', async () => {
  const { world, client, connection, isOnline } = await alone()
  world.server.restOpen = false
  world.server.socketsOpen = false
  world.server.cutAll()
  await world.clock.pass(600_000)
  const tries = connection.seen.filter((state) => state.phase === 'offline').length
  expect(tries).toBeGreaterThan(20)
  expect(tries).toBeLessThan(100)
  world.server.restOpen = true
  world.server.socketsOpen = true
  await world.clock.passUntil(isOnline, 60_000)
  await client.close()
})

test('when the device wakes up, nobody waits for the next try', async () => {
  const { world, client, connection, isOnline } = await alone()
  world.server.restOpen = false
  world.server.socketsOpen = false
  world.server.cutAll()
  await world.clock.pass(300_000)
  world.server.restOpen = true
  world.server.socketsOpen = true
  await world.clock.passUntil(
    () => connection.value.phase === 'offline' && waitOf(connection.value, world) > 1_000,
    60_000,
    10,
  )
  world.wake()
  await world.clock.passUntil(isOnline, 500, 10)
  await client.close()
})

test('a device that loses its network says so at once and does not change its mind; when it is back, so is the connection', async () => {
  const { world, conversation, client, connection, isOnline } = await alone()
  const losesNetwork = () => {
    world.server.restOpen = false
    world.server.socketsOpen = false
    world.setNetwork(false)
  }
  losesNetwork()
  await world.clock.pass(0)
  expect(connection.value).toEqual({ phase: 'no_network' })
  await expect(client.call('settings.update', {})).rejects.toMatchObject({ code: 'unavailable' })
  await world.during(client.send({ conversation }, 'for later'))
  const known = connection.seen.length
  await world.clock.pass(300_000)
  expect(connection.seen.length).toBe(known)
  world.server.restOpen = true
  world.server.socketsOpen = true
  world.setNetwork(true)
  await world.clock.passUntil(isOnline, 500, 10)
  await world.clock.passUntil(() => world.server.entriesOf(conversation).length === 2, 500, 10)
  await client.close()
})

test('a try that began without a network is not waited for when there is one', async () => {
  const { world, client, isOnline } = await alone()
  world.setNetwork(false)
  world.server.weather = { ...fairWeather, dropAnswer: 1 }
  await world.clock.pass(1_000)
  world.server.weather = fairWeather
  world.setNetwork(true)
  await world.clock.passUntil(isOnline, 500, 10)
  expect(world.server.sockets.size).toBe(1)
  await client.close()
})

test('a server on the same machine is reached without a network', async () => {
  const { world, disk, client, isOnline, connection } = await alone()
  world.setNetwork(false)
  await world.clock.pass(0)
  expect(connection.value).toEqual({ phase: 'no_network' })
  await world.clock.passUntil(isOnline, 1_000, 10)
  await client.close()
  const next = world.client(disk)
  await world.during(next.resume())
  const seen = latest(next, 'connection', {}).seen
  await world.caughtUp(next)
  expect(seen.map((state) => state.phase)).toEqual(['no_network', 'catching_up', 'online'])
  await next.close()
})

test('a server that restarts says over which time its clients come back', async () => {
  const waits: number[] = []
  for (let seed = 1; seed <= 20; seed++) {
    const world = new World(seed)
    const client = await world.online(world.server.addPerson('alice'))
    const connection = latest(client, 'connection', {})
    world.server.cutAll(1012, '{"spreadMs":20000}')
    await world.clock.pass(0)
    waits.push(waitOf(connection.value, world))
    await client.close()
  }
  expect(Math.min(...waits)).toBeLessThan(5_000)
  expect(Math.max(...waits)).toBeGreaterThan(15_000)
  expect(Math.max(...waits)).toBeLessThan(20_000)
})

test('a connection that does not answer a ping is dead, whatever it says', async () => {
  const { world, bob, conversation, client } = await alone()
  const window = windowOn(client, { conversation })
  world.server.weather = { ...fairWeather, dropAnswer: 1, dropPush: 1 }
  await world.clock.pass(40_000)
  world.server.weather = fairWeather
  world.server.say(conversation, bob.id, 'are you there?', false)
  await world.clock.passUntil(() => texts(window.value).includes('are you there?'), 20_000)
  await client.close()
})

test('a head in an answer to a ping brings what no push brought', async () => {
  const { world, bob, conversation, client } = await alone()
  const window = windowOn(client, { conversation })
  world.server.say(conversation, bob.id, 'unheard', false)
  await world.clock.passUntil(() => texts(window.value).includes('unheard'), 26_000)
  expect(world.server.sockets.size).toBe(1)
  await client.close()
})

test('the token of a living connection is renewed before it ends', async () => {
  const { world, client, connection } = await alone()
  const seen = connection.seen.length
  await world.clock.pass(3_600_000)
  expect(connection.seen.length).toBe(seen)
  expect(world.server.refreshCount).toBeGreaterThanOrEqual(6)
  expect(world.server.refreshCount).toBeLessThanOrEqual(8)
  await client.close()
})

test('a connection closed for its token is opened again with a new one', async () => {
  const { world, client, isOnline } = await alone()
  world.server.expireAccessTokens()
  world.server.cutAll(4002)
  await world.clock.passUntil(isOnline, 1_000, 10)
  expect(world.server.refreshCount).toBe(1)
  await client.close()
})

test('a session that was ended elsewhere signs this device out and takes away what others wrote; what waits is kept for its author', async () => {
  const { world, alice, conversation, client, connection, disk, isOnline } = await alone()
  world.server.refuse.set('messages.send', () => null)
  const me = latest(client, 'me', {})
  world.server.socketsOpen = false
  world.server.restOpen = false
  world.server.cutAll()
  await world.during(client.send({ conversation }, 'still to be sent'))
  world.server.endSession(me.value?.session ?? '')
  world.server.socketsOpen = true
  world.server.restOpen = true
  await world.clock.passUntil(() => connection.value.phase === 'signed_out')
  expect(me.value).toBeNull()
  expect(disk.entries.size).toBe(0)
  expect(await client.resume()).toBeNull()
  await world.during(client.signIn({ name: 'alice', password: 'alice-password' }))
  await world.clock.passUntil(() => isOnline() && world.server.entriesOf(conversation).length === 2)
  expect(world.server.entriesOf(conversation).at(-1)).toMatchObject({
    sender: alice.id,
    body: { text: 'still to be sent' },
  })
  await client.close()
})

test('nothing of one person is left for the next who signs in', async () => {
  const { world, conversation, client, disk } = await alone()
  world.server.socketsOpen = false
  world.server.cutAll()
  await world.during(client.send({ conversation }, 'a secret'))
  const carol = world.server.addPerson('carol')
  await world.during(client.signIn({ name: carol.name, password: 'carol-password' }))
  const stored = JSON.stringify([...disk.records, ...disk.entries])
  expect(stored).not.toContain('secret')
  expect(stored).not.toContain(conversation)
  expect(latest(client, 'outbox', {}).value).toEqual({ waiting: 0, failed: 0 })
  await client.close()
})

test('signing out forgets everything, and tells the server later when it cannot be reached', async () => {
  const { world, client, disk, connection } = await alone()
  const session = latest(client, 'me', {}).value?.session ?? ''
  world.server.restOpen = false
  world.server.socketsOpen = false
  await world.during(client.signOut())
  expect(connection.value).toEqual({ phase: 'signed_out' })
  expect(disk.entries.size).toBe(0)
  await client.close()
  world.server.restOpen = true
  const next = world.client(disk)
  expect(await world.during(next.resume())).toBeNull()
  await world.clock.pass(1_000)
  expect(world.server.hasEnded(session)).toBe(true)
  expect(disk.records.size).toBe(0)
  await next.close()
})

test('a client that the server finds hostile does not come back by itself', async () => {
  const { world, client, connection } = await alone()
  world.server.cutAll(4004)
  await world.clock.pass(3_600_000)
  expect(connection.value).toEqual({ phase: 'offline', retryAt: Number.POSITIVE_INFINITY })
  world.wake()
  world.setNetwork(false)
  world.setNetwork(true)
  await world.clock.pass(1_000)
  expect(connection.value).toEqual({ phase: 'offline', retryAt: Number.POSITIVE_INFINITY })
  expect(world.server.sockets.size).toBe(0)
  await client.close()
})

for (const [carrier, eventsOpen] of [
  ['server-sent events', true],
  ['long polling', false],
] as const) {
  test(`where no socket opens, ${carrier} carry the same, and sockets are tried again later`, async () => {
    const world = new World()
    const alice = world.server.addPerson('alice')
    const bob = world.server.addPerson('bob')
    const conversation = world.server.addConversation([alice.id, bob.id], 3)
    world.server.socketsOpen = false
    world.server.eventsOpen = eventsOpen
    const client = await world.online(alice)
    const window = windowOn(client, { conversation })
    await world.clock.passUntil(() => window.value.rows.length === 3)
    world.server.say(conversation, bob.id, 'over the fall-back')
    await world.clock.passUntil(() => texts(window.value).includes('over the fall-back'), 1_000, 10)
    await world.during(client.send({ conversation }, 'and back'))
    await world.clock.passUntil(() => world.server.entriesOf(conversation).length === 5, 1_000, 10)
    await world.during(client.send({ person: world.server.addPerson('carol').id }, 'a new thread'))
    const list = latest(client, 'conversations', { archived: false })
    await world.clock.passUntil(() => list.value.length === 2, 1_000, 10)
    await client.setDraft({ conversation }, 'a draft')
    await world.clock.pass(2_000)
    expect(world.server.accounts.get(alice.id)?.rows.get(`draft/${conversation}`)?.value).toMatchObject({
      text: 'a draft',
    })

    // The token of a stream that goes on is renewed as well.
    await world.clock.pass(200_000)
    world.server.socketsOpen = true
    await world.clock.passUntil(() => world.server.sockets.size === 1, 600_000, 1_000)
    world.server.say(conversation, bob.id, 'over a socket again')
    await world.clock.passUntil(() => texts(window.value).includes('over a socket again'), 1_000, 10)
    await client.close()
  })
}

test('where nothing answers at all, the fall-backs are left alone', async () => {
  const { world, client, isOnline } = await alone()
  world.server.restOpen = false
  world.server.socketsOpen = false
  world.server.cutAll()
  await world.clock.pass(120_000)
  world.server.restOpen = true
  world.server.socketsOpen = true
  await world.clock.passUntil(isOnline)
  expect(world.server.sockets.size).toBe(1)
  await client.close()
})

test('a call right after the start waits for the connection', async () => {
  const { world, disk, client } = await alone()
  await client.close()
  const next = world.client(disk)
  await world.during(next.resume())
  expect(await world.during(next.call('settings.update', { theme: 'dark' }))).toMatchObject({ theme: 'dark' })
  expect(latest(next, 'me', {}).value?.settings.theme).toBe('dark')
  await next.close()
})
