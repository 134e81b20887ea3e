import type { ConversationId, Person } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { MemoryDisk } from '#client/stores/memory.ts'
import { itemFor, latest, World, windowOn } from '#client/testing/people.ts'

async function aliceAndBob() {
  const world = new World()
  const alice = world.server.addPerson('alice')
  const bob = world.server.addPerson('bob')
  const conversation = world.server.addConversation([alice.id, bob.id], 1)
  const disk = new MemoryDisk()
  const client = await world.online(alice, disk)
  const told = (type: string) => world.server.log.filter((done) => done.type === type && done.person === alice.id)
  return { world, alice, bob, conversation, disk, client, told }
}

test('who types is shown until they stop, write, or say nothing for six seconds', async () => {
  const { world, bob, conversation, client } = await aliceAndBob()
  const window = windowOn(client, { conversation })
  const list = latest(client, 'conversations', { archived: false })
  const types = (active: boolean) => world.server.run(bob.id, 'typing.set', { conversation, active })
  types(true)
  await world.clock.pass(10)
  expect(window.value.typing).toEqual([bob.id])
  expect(itemFor(list.value, conversation)?.typing).toEqual([bob.id])
  types(false)
  await world.clock.pass(10)
  expect(window.value.typing).toEqual([])
  types(true)
  await world.clock.pass(10)
  world.server.say(conversation, bob.id, 'there')
  await world.clock.pass(10)
  expect(window.value.typing).toEqual([])
  types(true)
  await world.clock.pass(5_900)
  expect(window.value.typing).toEqual([bob.id])
  await world.clock.pass(200)
  expect(window.value.typing).toEqual([])
  await client.close()
})

test('typing is told every few seconds, and its end once', async () => {
  const { world, conversation, client, told } = await aliceAndBob()
  for (let key = 0; key < 50; key++) {
    client.setTyping(conversation, true)
    await world.clock.pass(100)
  }
  client.setTyping(conversation, false)
  client.setTyping(conversation, false)
  await world.clock.pass(100)
  expect(told('typing.set').map(({ input }) => input.active)).toEqual([true, true, false])
  await client.close()
})

test('presence is followed for those somebody watches, and anew after a reconnect', async () => {
  const { world, bob, client, told } = await aliceAndBob()
  const people = latest(client, 'people', { people: [bob.id], presence: true })
  await world.clock.pass(100)
  expect(people.value.get(bob.id)).toMatchObject({ person: { name: 'bob' }, presence: 'offline' })
  world.server.push(told('presence.watch')[0]?.person ?? bob.id, {
    type: 'presence',
    people: [{ person: bob.id, state: 'online' }],
  })
  await world.clock.pass(10)
  expect(people.value.get(bob.id)?.presence).toBe('online')
  world.server.cutAll()
  await world.clock.pass(0)
  expect(people.value.get(bob.id)?.presence).toBeNull()
  await world.caughtUp(client)
  await world.clock.pass(100)
  expect(people.value.get(bob.id)?.presence).toBe('offline')
  people.stop()
  await world.clock.pass(100)
  expect(told('presence.watch').at(-1)?.input.people).toEqual([])
  await client.close()
})

test('a profile that changed while the device was away is new after it is back', async () => {
  const { world, bob, conversation, disk, client } = await aliceAndBob()
  const before = latest(client, 'conversations', { archived: false })
  await world.clock.passUntil(() => itemFor(before.value, conversation)?.other?.displayName === 'bob')
  await client.close()
  world.server.run(bob.id, 'people.updateProfile', { displayName: 'Robert' })
  const next = world.client(disk)
  await next.resume()
  const list = latest(next, 'conversations', { archived: false })
  expect(itemFor(list.value, conversation)?.other?.displayName).toBe('bob')
  await world.clock.passUntil(() => itemFor(list.value, conversation)?.other?.displayName === 'Robert')
  await next.close()
})

test('a draft is kept at once and told a moment after the last key', async () => {
  const { world, conversation, disk, client, told } = await aliceAndBob()
  for (const text of ['H', 'He', 'Hel', 'Hello']) {
    await client.setDraft({ conversation }, text)
    await world.clock.pass(200)
  }
  expect(told('drafts.set')).toEqual([])
  await world.clock.pass(1_000)
  expect(told('drafts.set').map(({ input }) => input.text)).toEqual(['Hello'])
  await client.setDraft({ conversation }, 'Hello again')
  await client.close()
  const next = world.client(disk)
  await next.resume()
  expect(windowOn(next, { conversation }).value.draft).toBe('Hello again')
  await world.caughtUp(next)
  await world.clock.pass(1_500)
  expect(told('drafts.set').map(({ input }) => input.text)).toEqual(['Hello', 'Hello again'])
  await next.setDraft({ conversation }, '')
  await world.clock.pass(1_500)
  expect(told('drafts.set').at(-1)?.input.text).toBeNull()
  await next.close()
})

test('a draft from another device shows, unless something is being typed here', async () => {
  const { world, alice, conversation, client } = await aliceAndBob()
  const window = windowOn(client, { conversation })
  world.server.run(alice.id, 'drafts.set', { conversation, text: 'from the phone' })
  await world.clock.pass(10)
  expect(window.value.draft).toBe('from the phone')
  await client.setDraft({ conversation }, 'from here')
  world.server.run(alice.id, 'drafts.set', { conversation, text: 'from the phone, later' })
  await world.clock.pass(10)
  expect(window.value.draft).toBe('from here')
  await client.close()
})

test('what was typed to a person is there when their thread is', async () => {
  const { world, client } = await aliceAndBob()
  const carol = world.server.addPerson('carol')
  await client.setDraft({ person: carol.id }, 'dear Carol')
  const window = windowOn(client, { person: carol.id })
  expect(window.value).toMatchObject({ draft: 'dear Carol', card: null, rows: [], atStart: true, atEnd: true })
  await client.send({ person: carol.id }, 'hello')
  await world.clock.passUntil(() => window.value.card !== null)
  expect(window.value.draft).toBe('dear Carol')
  expect(windowOn(client, { conversation: window.value.card?.conversation as never }).value.draft).toBe('dear Carol')
  await client.close()
})

test('a picture is fetched once, kept, and better old than none', async () => {
  const { world, bob, disk, client } = await aliceAndBob()
  const version = (picture: string | null): Person => ({ ...bob, picture })
  expect(await client.picture(version(null))).toBeNull()
  const found = await world.during(Promise.all([client.picture(version('1')), client.picture(version('1'))]))
  expect(await found[0]?.text()).toBe('picture 1')
  expect(world.server.pictureCount).toBe(1)
  const group = { conversation: world.random.uuid() as ConversationId, picture: '7' }
  expect(await (await world.during(client.picture(group)))?.text()).toBe('picture 7')
  await client.close()
  world.server.restOpen = false
  const next = world.client(disk)
  await next.resume()
  expect(await (await world.during(next.picture(version('1'))))?.text()).toBe('picture 1')
  expect(await (await world.during(next.picture(version('2'))))?.text()).toBe('picture 1')
  await next.close()
})
