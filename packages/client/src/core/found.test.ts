import type { ConversationId } from '@sotto/protocol'
import { AppError } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import { MemoryDisk } from '#client/stores/memory.ts'
import { latest, texts, World, windowOn } from '#client/testing/people.ts'

const nowhere = '01a1fd6d-5168-7aab-b4de-764a779852d8' as ConversationId

/** Alice is in no conversation; Bob and Carol have one. */
function strangers() {
  const world = new World()
  const alice = world.server.addPerson('alice')
  const bob = world.server.addPerson('bob')
  const carol = world.server.addPerson('carol')
  const theirs = world.server.addConversation([bob.id, carol.id], 3)
  return { world, alice, bob, carol, theirs }
}

test('a conversation of others and one that does not exist look the same, and one opens by itself when its reader is let in', async () => {
  const { world, alice, bob, theirs } = strangers()
  const client = await world.online(alice)
  const windows = [windowOn(client, { conversation: theirs }), windowOn(client, { conversation: nowhere })] as const
  await world.clock.pass(1_000)
  const [mine, none] = windows.map(({ seen }) => seen.map(({ found, loading, rows }) => ({ found, loading, rows })))
  expect(mine).toEqual(none)
  expect(mine?.map(({ found, loading }) => [found, loading])).toEqual([
    [null, true],
    [false, false],
  ])
  world.server.admit(theirs, alice.id)
  world.server.say(theirs, bob.id, 'come in')
  await world.clock.passUntil(() => windows[0].value.found === true && windows[0].value.rows.length === 4, 2_000, 10)
  expect(windows[1].value.found).toBe(false)
  await client.close()
})

test('what was missing stays so while the connection comes and goes, and is asked for again', async () => {
  const { world, alice, theirs } = strangers()
  const client = await world.online(alice)
  const window = windowOn(client, { conversation: theirs })
  await world.clock.passUntil(() => window.value.found === false)
  const asked = () => world.server.log.filter(({ type }) => type === 'conversations.get').length
  const refusals: string[] = []
  world.server.refuse.set('conversations.get', ({ conversation }) => {
    refusals.push(conversation as string)
    return null
  })
  const seen = window.seen.length
  world.server.cutAll()
  await world.clock.pass(10_000)
  expect(refusals).toEqual([theirs])
  expect(window.seen.slice(seen).filter(({ found }) => found !== false)).toEqual([])
  expect(asked()).toBe(2)
  await client.close()
})

test('without a connection nobody can tell whether a conversation exists', async () => {
  const { world, alice, bob } = strangers()
  const disk = new MemoryDisk()
  await (await world.online(alice, disk)).close()
  const conversation = world.server.addConversation([alice.id, bob.id], 3)
  world.server.restOpen = false
  world.server.socketsOpen = false
  const client = world.client(disk)
  await client.resume()
  const connection = latest(client, 'connection', {})
  const [window, byPerson] = [windowOn(client, { conversation }), windowOn(client, { person: bob.id })]
  await world.clock.passUntil(() => connection.value.phase === 'offline')
  expect(window.value).toMatchObject({ found: null, loading: false })
  expect(byPerson.value).toMatchObject({ found: null, loading: false })
  const seen = window.seen.length
  await world.clock.pass(60_000)
  expect(window.seen.length).toBe(seen)
  world.server.restOpen = true
  world.server.socketsOpen = true
  world.wake()
  await world.clock.passUntil(() => window.value.found === true && texts(window.value).length === 3)
  expect(byPerson.value.found).toBe(true)
  await client.close()
})

test('a server that has no time for the question is asked again a little later', async () => {
  const { world, alice, theirs } = strangers()
  const client = await world.online(alice)
  let tries = 0
  world.server.refuse.set('conversations.get', () => (++tries < 3 ? new AppError('too_many_requests') : null))
  const window = windowOn(client, { conversation: theirs })
  await world.clock.pass(1_000)
  expect([window.value.found, tries]).toEqual([null, 1])
  await world.clock.passUntil(() => window.value.found === false, 10_000)
  await world.clock.pass(20_000)
  expect(tries).toBe(3)
  await client.close()
})

test('an address that cannot be one of a conversation leads nowhere', async () => {
  const { world, alice } = strangers()
  const client = await world.online(alice)
  world.server.refuse.set('conversations.get', () => new AppError('invalid_input', 'conversation'))
  const window = windowOn(client, { conversation: 'typo' as ConversationId })
  await world.clock.passUntil(() => window.value.found === false)
  await client.close()
})

test('somebody who is put out of a conversation no longer finds it, however it was found before', async () => {
  const { world, alice, theirs } = strangers()
  const client = await world.online(alice)
  const window = windowOn(client, { conversation: theirs })
  await world.clock.passUntil(() => window.value.found === false)
  world.server.admit(theirs, alice.id)
  await world.clock.passUntil(() => window.value.found === true)
  world.server.putOut(theirs, alice.id)
  await world.clock.passUntil(() => window.value.found === false)
  expect(window.value.rows).toEqual([])
  await client.close()
})

test('whether there is a thread with a person is known once the board is here, however much else is missing', async () => {
  const { world, alice, bob, carol } = strangers()
  world.server.addConversation([alice.id, bob.id], 1)
  world.server.refuse.set('messages.pull', () => new AppError('unavailable'))
  const client = world.client()
  const [withBob, withCarol] = [windowOn(client, { person: bob.id }), windowOn(client, { person: carol.id })]
  await world.during(client.signIn({ name: alice.name, password: 'alice-password' }))
  await world.clock.pass(1_000)
  const findings = (window: typeof withBob) => [...new Set(window.seen.map(({ found }) => found))]
  expect([findings(withBob), findings(withCarol)]).toEqual([
    [null, true],
    [null, false],
  ])
  await world.during(client.send({ person: carol.id }, 'the first'))
  await world.clock.passUntil(() => withCarol.value.found === true)
  await client.close()
})
