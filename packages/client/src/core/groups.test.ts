import { maxMembersWithReceipts } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import { MemoryDisk } from '#client/stores/memory.ts'
import { itemFor, latest, messageRows, texts, World, windowOn } from '#client/testing/people.ts'

/** Alice, Bob and Carol share a group; Alice is at a client. */
async function group(more = 0) {
  const world = new World()
  const [alice, bob, carol] = [
    world.server.addPerson('alice'),
    world.server.addPerson('bob'),
    world.server.addPerson('carol'),
  ]
  const others = Array.from({ length: more }, (_, index) => world.server.addPerson(`person${index}`).id)
  const conversation = world.server.addConversation([alice.id, bob.id, carol.id, ...others], 3, 'group')
  const disk = new MemoryDisk()
  const client = await world.online(alice, disk)
  const window = windowOn(client, { conversation })
  const list = latest(client, 'conversations', { archived: false })
  const told = (type: string) => world.server.log.filter((done) => done.type === type && done.person === alice.id)
  await world.clock.passUntil(() => texts(window.value).length === 3)
  return { world, alice, bob, carol, conversation, disk, client, window, list, told }
}

test('a group has a name, a topic and a number of members, and follows every change of them', async () => {
  const { world, bob, conversation, client, window, list, disk } = await group()
  const dave = world.server.addPerson('dave')
  const { server } = world
  expect(window.value).toMatchObject({ details: { name: 'A group' }, members: 3, mayPost: true, other: null })
  server.changeDetails(conversation, { name: 'The choir', topic: 'Songs' }, bob.id)
  server.seat(conversation, dave.id, bob.id)
  await world.clock.passUntil(() => window.value.members === 4)
  const known = { details: { name: 'The choir', topic: 'Songs' }, members: 4 }
  expect(window.value).toMatchObject(known)
  expect(itemFor(list.value, conversation)).toMatchObject(known)
  expect(window.value.rows.slice(-2)).toMatchObject([
    { kind: 'changed', by: bob.id, details: { name: 'The choir' }, fields: ['name', 'topic'] },
    { kind: 'joined', by: bob.id, person: dave.id },
  ])
  server.changeDetails(conversation, { topic: '' }, bob.id)
  await world.clock.passUntil(() => window.value.rows.length === 6)
  expect(window.value.rows.at(-1)).toMatchObject({ fields: ['topic'], details: { topic: '' } })
  server.unseat(conversation, dave.id, bob.id)
  await world.clock.passUntil(() => window.value.members === 3)
  expect(window.value.rows.at(-1)).toMatchObject({ kind: 'left', by: bob.id, person: dave.id })
  await client.close()

  // What changed while the device was away is in the head.
  server.changeDetails(conversation, { name: 'The new choir' }, bob.id)
  const next = world.client(disk)
  await world.during(next.resume())
  const later = windowOn(next, { conversation })
  expect(later.value.details?.name).toBe('The choir')
  await world.clock.passUntil(() => later.value.details?.name === 'The new choir')
  await next.close()
})

test('news that come late do not undo newer ones', async () => {
  const { world, alice, bob, conversation, client, window } = await group()
  const { server } = world
  const old = server.tell(conversation, bob.id, { kind: 'left', body: { person: bob.id, members: 1 } }, false)
  server.changeDetails(conversation, { name: 'Newer' }, bob.id)
  server.cutAll()
  await world.caughtUp(client)
  server.push(alice.id, { type: 'entry', entry: old })
  await world.clock.pass(1_000)
  expect(window.value).toMatchObject({ members: 3, details: { name: 'Newer' } })
  await client.close()
})

test('in a group a message is delivered when all have it and read when all have read it', async () => {
  const { world, bob, carol, conversation, client, window } = await group()
  const { server } = world
  const state = () => messageRows(window.value).at(-1)?.state
  await client.send({ conversation }, 'to all of you')
  await world.clock.passUntil(() => state() === 'sent')
  server.run(bob.id, 'receipts.read', { conversation, place: 4 })
  await world.clock.pass(100)
  expect(state()).toBe('sent')
  server.run(carol.id, 'receipts.delivered', { conversation, place: 4 })
  await world.clock.passUntil(() => state() === 'delivered')
  server.run(carol.id, 'receipts.read', { conversation, place: 4 })
  await world.clock.passUntil(() => state() === 'read')

  // Who comes later changes nothing about it, and counts for the next one until they leave.
  const dave = server.addPerson('dave')
  server.seat(conversation, dave.id, bob.id)
  await world.clock.pass(100)
  expect(state()).toBe('read')
  await client.send({ conversation }, 'and to Dave')
  await world.clock.pass(100)
  for (const person of [bob, carol]) server.run(person.id, 'receipts.read', { conversation, place: 6 })
  await world.clock.pass(100)
  expect(state()).toBe('sent')
  server.unseat(conversation, dave.id, bob.id)
  await world.clock.passUntil(() => state() === 'read')
  await client.close()
})

test('in a group it is told how many are known to have read a message, though one of them does not share it', async () => {
  const { world, bob, carol, conversation, client, window } = await group()
  const { server } = world
  const last = () => messageRows(window.value).at(-1)
  await client.send({ conversation }, 'to all of you')
  await world.clock.passUntil(() => last()?.state === 'sent')
  expect(last()?.readBy).toBe(0)
  // Bob does not share what he has read: all the server tells is that he has it.
  server.run(bob.id, 'receipts.delivered', { conversation, place: 4 })
  server.run(carol.id, 'receipts.read', { conversation, place: 4 })
  await world.clock.passUntil(() => last()?.state === 'delivered')
  expect(last()?.readBy).toBe(1)

  // Who comes later has not read what was said before, however far they read; what is said then they have.
  const dave = server.addPerson('dave')
  server.seat(conversation, dave.id, bob.id)
  await client.send({ conversation }, 'and to Dave')
  await world.clock.pass(100)
  server.run(dave.id, 'receipts.read', { conversation, place: 6 })
  await world.clock.passUntil(() => last()?.readBy === 1)
  expect(messageRows(window.value).map(({ text, readBy }) => [text, readBy])).toContainEqual(['to all of you', 1])
  server.run(carol.id, 'receipts.read', { conversation, place: 6 })
  await world.clock.passUntil(() => last()?.readBy === 2)
  // Who does not share it does not see it.
  await world.during(client.call('settings.update', { shareRead: false }))
  expect(last()?.readBy).toBe(0)
  await client.close()
})

test('in a large conversation nobody says what they received or that they type, and a message is sent', async () => {
  const { world, alice, bob, conversation, client, window, told } = await group(maxMembersWithReceipts - 2)
  const { server } = world
  expect(window.value.members).toBe(maxMembersWithReceipts + 1)
  await client.send({ conversation }, 'hello all')
  server.say(conversation, bob.id, 'hello')
  client.setTyping(conversation, true)
  await world.clock.passUntil(() => window.value.head === 5)
  await client.markRead(conversation, 5)
  await world.clock.passUntil(() => server.readPlaceOf(alice.id, conversation) === 5, 5_000)
  await world.clock.pass(2_000)
  expect([told('receipts.delivered'), told('typing.set')]).toEqual([[], []])
  expect(messageRows(window.value).find((row) => row.text === 'hello all')?.state).toBe('sent')
  // Of all the members only the one whose words stand in the list is asked for.
  expect(told('people.get').flatMap(({ input }) => input.people)).toHaveLength(1)

  server.unseat(conversation, server.conversations.get(conversation)?.members.at(-1) as typeof bob.id)
  await world.clock.passUntil(() => window.value.members === maxMembersWithReceipts)
  server.say(conversation, bob.id, 'now we are fewer')
  client.setTyping(conversation, true)
  await world.clock.passUntil(() => told('receipts.delivered').length > 0 && told('typing.set').length > 0, 5_000)
  await client.close()
})

test('who may write follows the role, the rights and whether the conversation is closed', async () => {
  const { world, alice, bob, conversation, client, window } = await group()
  const { server } = world
  server.changeDetails(
    conversation,
    { rights: { ...window.value.details?.rights, post: 'moderator' } as never },
    bob.id,
  )
  await world.clock.passUntil(() => !window.value.mayPost)
  server.setRole(conversation, alice.id, 'moderator', bob.id)
  await world.clock.passUntil(() => window.value.mayPost)
  expect(window.value.card?.role).toBe('moderator')
  expect(window.value.rows.at(-1)).toMatchObject({ kind: 'role', by: bob.id, person: alice.id, role: 'moderator' })
  server.changeDetails(conversation, { closed: true }, bob.id)
  await world.clock.passUntil(() => !window.value.mayPost)

  const until = new Date(world.clock.now() + 60_000).toISOString()
  server.tell(conversation, bob.id, { kind: 'silenced', body: { person: bob.id, until } })
  await world.clock.pass(100)
  expect(window.value.silencedUntil).toBeNull()
  server.tell(conversation, bob.id, { kind: 'silenced', body: { person: alice.id, until } })
  await world.clock.passUntil(() => window.value.silencedUntil === until)
  server.tell(conversation, bob.id, { kind: 'silenced', body: { person: alice.id, until: null } })
  await world.clock.passUntil(() => window.value.silencedUntil === null)
  await client.close()
})

test('whoever is taken out of a group has nothing of it from then on, also where an entry comes late', async () => {
  const { world, alice, bob, conversation, disk, client, window, list } = await group()
  const { server } = world
  expect(disk.entries.get(conversation)?.size).toBe(3)
  const late = server.say(conversation, bob.id, 'not for Alice', false)
  server.unseat(conversation, alice.id, bob.id)
  await world.clock.passUntil(() => window.value.found === false)
  // Not for a moment did it look as if it might come back.
  expect(window.seen.some((value) => value.found === null && value.rows.length > 0)).toBe(false)
  expect(window.value).toMatchObject({ card: null, details: null, rows: [], loading: false })
  expect(itemFor(list.value, conversation)).toBeUndefined()
  server.push(alice.id, { type: 'entry', entry: late })
  await world.clock.pass(1_000)
  expect(window.value).toMatchObject({ found: false, rows: [] })
  expect(disk.entries.get(conversation)?.size ?? 0).toBe(0)

  server.seat(conversation, alice.id, bob.id)
  await world.clock.passUntil(() => window.value.found === true && window.value.atStart)
  expect(window.value.members).toBe(3)
  expect(window.value.rows).toMatchObject([{ kind: 'joined', person: alice.id, by: bob.id }])
  await client.close()
})

test('a group one is brought into is on top, with what is said from then on and by whom', async () => {
  const { world, alice, bob, carol, client, list } = await group()
  const { server } = world
  const old = server.addConversation([bob.id, carol.id], 5, 'group')
  await world.clock.pass(60_000)
  server.seat(old, alice.id, bob.id)
  await world.clock.passUntil(() => list.value[0]?.card.conversation === old)
  expect(list.value[0]).toMatchObject({ last: null, unread: { count: 0, exact: true }, members: 3 })
  server.say(old, carol.id, 'welcome')
  await world.clock.passUntil(() => list.value[0]?.last?.by?.name === 'carol')
  expect(list.value[0]).toMatchObject({ last: { text: 'welcome' }, unread: { count: 1, exact: true } })
  await client.close()
})

test('who reads a thread along knows the two of it, also without a network, and holds up no message of theirs', async () => {
  const world = new World()
  const { server } = world
  const [alice, bob, tess, gus] = ['alice', 'bob', 'tess', 'gus'].map((name) => server.addPerson(name))
  if (!alice || !bob || !tess || !gus) throw new Error('nobody there')
  const conversation = server.addConversation([alice.id, bob.id], 1)
  const [alices, disk] = [await world.online(alice), new MemoryDisk()]
  const tesss = await world.online(tess, disk)
  const theirs = windowOn(alices, { conversation })
  const list = latest(tesss, 'conversations', { archived: false })
  server.supervise(conversation, tess.id)
  const names = (item = itemFor(list.value, conversation)) => item?.pair.map(({ displayName }) => displayName)
  await world.clock.passUntil(() => names()?.length === 2)
  expect(names()).toEqual(['alice', 'bob'])
  // Another one who reads along is none of the two.
  server.supervise(conversation, gus.id)
  await world.clock.passUntil(() => itemFor(list.value, conversation)?.members === 4)
  expect(names()).toEqual(['alice', 'bob'])
  await alices.send({ conversation }, 'hello')
  await world.clock.passUntil(() => messageRows(theirs.value).at(-1)?.state === 'sent')
  expect(theirs.value.pair).toEqual([])
  server.run(bob.id, 'receipts.read', { conversation, place: 4 })
  await world.clock.passUntil(() => messageRows(theirs.value).at(-1)?.state === 'read')
  await tesss.close()
  await alices.close()

  server.socketsOpen = false
  server.restOpen = false
  const offline = world.client(disk)
  await world.during(offline.resume())
  const later = latest(offline, 'conversations', { archived: false })
  expect(names(itemFor(later.value, conversation))).toEqual(['alice', 'bob'])
  expect(windowOn(offline, { conversation }).value.pair.map(({ name }) => name)).toEqual(['alice', 'bob'])
  await offline.close()
})

test('in a thread it is told who reads along and who does not any more; in a group a reader is a member', async () => {
  const world = new World()
  const [alice, bob, tess] = ['alice', 'bob', 'tess'].map((name) => world.server.addPerson(name))
  if (!alice || !bob || !tess) throw new Error('nobody there')
  const thread = world.server.addConversation([alice.id, bob.id], 1)
  const team = world.server.addConversation([alice.id, bob.id], 1, 'group')
  const client = await world.online(alice)
  for (const [conversation, supervisor] of [
    [thread, true],
    [team, false],
  ] as const) {
    const window = windowOn(client, { conversation })
    const coming = { person: tess.id, members: 3 }
    world.server.tell(conversation, tess.id, { kind: 'joined', body: { ...coming, role: 'reader' } })
    world.server.tell(conversation, tess.id, { kind: 'left', body: { ...coming, members: 2 } })
    await world.clock.passUntil(() => window.value.rows.at(-1)?.kind === 'left')
    expect(window.value.rows.slice(-2)).toMatchObject([
      { kind: 'joined', person: tess.id, supervisor },
      { kind: 'left', person: tess.id, supervisor },
    ])
  }
  await client.close()
})
