import { randomUUID } from 'node:crypto'
import type { PersonId } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { clientId, makeThread, startTestServer, type TestPerson } from '../../testing/server.ts'

async function threePeople() {
  const server = await startTestServer()
  const [alice, bob, carol] = [await server.person('alice'), await server.person('bob'), await server.person('carol')]
  const names = async (person: TestPerson) => (await person.call('people.list', {})).people.map(({ name }) => name)
  const block = (person: TestPerson, other: TestPerson, blocked = true) =>
    person.call('blocks.set', { person: other.id, blocked })
  return { server, alice, bob, carol, names, block }
}

test('neither of the two finds the other, and for the blocked one the other does not exist', async () => {
  const { alice, bob, carol, names, block } = await threePeople()
  const phone = await alice.connect()
  const bobs = await bob.connect()
  await block(alice, bob)
  expect((await phone.next('board')).rows).toMatchObject([{ key: `block/${bob.id}`, value: { person: bob.id } }])
  expect(await names(alice)).toEqual(['alice', 'carol', 'rita'])
  expect(await names(bob)).toEqual(['bob', 'carol', 'rita'])
  expect(await names(carol)).toContain('alice')
  expect(await bob.call('people.get', { people: [alice.id, carol.id] })).toMatchObject({ people: [{ id: carol.id }] })
  const nobody = randomUUID() as PersonId
  const attempts = [alice.id, nobody].map((person) =>
    bob.call('threads.start', { person, clientId: clientId(), text: 'x' }).catch(({ status, body }) => [status, body]),
  )
  const [hidden, missing] = await Promise.all(attempts)
  expect(hidden).toEqual(missing)
  expect(hidden).toMatchObject([404, {}])
  await expect(alice.write(bob, 'x')).rejects.toMatchObject({
    code: 'forbidden',
    body: { error: { about: 'blocked' } },
  })
  const blocks = [alice.id, nobody].map((person) =>
    bob.call('blocks.set', { person, blocked: true }).catch(({ status, body }) => [status, body]),
  )
  expect((await Promise.all(blocks))[0]).toEqual((await Promise.all(blocks))[1])
  await bobs.call('people.me', {})
  expect(bobs.pushed).toEqual([])

  await block(alice, bob, false)
  expect(await names(bob)).toContain('alice')
  await bob.write(alice, 'hello again')
})

test('in their thread neither writes while it lasts, and what was said stays', async () => {
  const { server, alice, bob, block } = await threePeople()
  const conversation = await makeThread(alice, bob)
  const say = (person: TestPerson) => person.call('messages.send', { conversation, clientId: clientId(), text: 'x' })
  const { id } = await say(bob)
  await block(alice, bob)
  await block(bob, alice)
  await block(alice, bob, false)
  const refused = { code: 'forbidden', body: { error: { about: 'post' } } }
  for (const person of [alice, bob]) await expect(say(person)).rejects.toMatchObject(refused)
  await expect(alice.write(bob, 'by the other door')).rejects.toMatchObject(refused)
  await expect(
    bob.call('messages.edit', { conversation, message: id, clientId: clientId(), text: 'y' }),
  ).rejects.toMatchObject(refused)
  expect((await bob.call('messages.page', { conversation })).entries.map((entry) => entry.kind)).toContain('message')
  // Whose thread one has keeps their name.
  expect((await alice.call('people.get', { people: [bob.id] })).people).toHaveLength(1)
  await block(bob, alice, false)
  await say(alice)
  const { records } = await server.admin.call('audit.list', { actor: alice.id })
  expect(records.map((record) => record.action)).toEqual(expect.arrayContaining(['person.blocked', 'person.unblocked']))
})

test('in their thread neither is told that the other types, receives or reads', async () => {
  const { alice, bob, block } = await threePeople()
  const conversation = await makeThread(alice, bob)
  const say = (person: TestPerson) => person.call('messages.send', { conversation, clientId: clientId(), text: 'x' })
  const [one, two] = [await say(alice), await say(bob)]
  const [alices, bobs, phone] = [await alice.connect(), await bob.connect(), await bob.connect()]
  await alices.call('typing.set', { conversation, active: true })
  await bobs.next('typing')
  await bobs.call('receipts.delivered', { conversation, place: one.place })
  await alices.next('receipt')
  const receipts = async (person: TestPerson) => (await person.call('conversations.heads', {})).heads[0]?.receipts
  const before = [await receipts(alice), await receipts(bob)]

  for (const [person, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    await block(person, other)
    for (const socket of [alices, bobs]) {
      await socket.call('typing.set', { conversation, active: true })
      await socket.call('receipts.delivered', { conversation, place: two.place })
      await socket.call('receipts.read', { conversation, place: one.place })
    }
    await block(person, other, false)
  }
  // One’s own devices are told, and what was read meanwhile is not told later.
  expect((await phone.next('read')).place).toBe(one.place)
  expect([await receipts(alice), await receipts(bob)]).toEqual(before)
  for (const socket of [alices, bobs]) await socket.call('people.me', {})
  const told = (frames: typeof alices.pushed, person: TestPerson) =>
    frames.filter(
      (frame) =>
        (frame.type === 'typing' && frame.person === person.id) ||
        (frame.type === 'receipt' && frame.receipt.person === person.id),
    ).length
  expect([told(alices.pushed, bob), told(bobs.pushed, alice)]).toEqual([1, 1])
  await bobs.call('receipts.read', { conversation, place: two.place })
  expect((await alices.next('receipt')).receipt).toEqual({ person: bob.id, delivered: two.place, read: two.place })
})

test('before the first word the blocked one is told what they are told of nobody, and nobody may write', async () => {
  const { alice, bob, carol, block } = await threePeople()
  const look = (person: TestPerson, of: PersonId) =>
    person.call('threads.look', { person: of }).catch(({ status, body }) => [status, body])
  expect(await look(bob, alice.id)).toMatchObject({ mayWrite: true })
  await block(alice, bob)
  expect(await look(bob, alice.id)).toEqual(await look(bob, randomUUID() as PersonId))
  expect(await look(alice, bob.id)).toEqual(await look(alice, randomUUID() as PersonId))
  expect(await look(bob, carol.id)).toMatchObject({ mayWrite: true })
  await makeThread(bob, carol)
  await block(carol, bob)
  expect(await look(bob, carol.id)).toMatchObject({ mayWrite: false })
  expect(await look(carol, bob.id)).toMatchObject({ mayWrite: false })
})

test('searching finds neither, whoever blocked whom, and presence comes back when it ends', async () => {
  const { alice, bob, block } = await threePeople()
  const found = async (person: TestPerson, prefix: string) =>
    (await person.call('people.list', { prefix })).people.map(({ name }) => name)
  const [alices, bobs] = [await alice.connect(), await bob.connect()]
  const state = async (socket: typeof alices, person: TestPerson) =>
    (await socket.call('presence.watch', { people: [person.id] })).people[0]?.state
  for (const [person, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    expect([await found(alice, 'bob'), await found(bob, 'ali')]).toEqual([['bob'], ['alice']])
    expect([await state(alices, bob), await state(bobs, alice)]).toEqual(['online', 'online'])
    await block(person, other)
    expect([await found(alice, 'bob'), await found(bob, 'ali')]).toEqual([[], []])
    expect([await state(alices, bob), await state(bobs, alice)]).toEqual(['offline', 'offline'])
    await block(person, other, false)
  }
})

test('presence ends for both at once, and does not come back by asking', async () => {
  const { alice, bob, carol, block } = await threePeople()
  const [alices, bobs, carols] = [await alice.connect(), await bob.connect(), await carol.connect()]
  const watch = async (socket: typeof alices, person: TestPerson) =>
    (await socket.call('presence.watch', { people: [person.id] })).people[0]?.state
  expect([await watch(alices, bob), await watch(bobs, alice), await watch(carols, alice)]).toEqual([
    'online',
    'online',
    'online',
  ])
  await block(alice, bob)
  expect((await alices.next('presence')).people).toEqual([{ person: bob.id, state: 'offline' }])
  expect((await bobs.next('presence')).people).toEqual([{ person: alice.id, state: 'offline' }])
  expect([await watch(alices, bob), await watch(bobs, alice), await watch(carols, alice)]).toEqual([
    'offline',
    'offline',
    'online',
  ])
  await alices.call('presence.set', { state: 'away' })
  expect((await carols.next('presence')).people).toEqual([{ person: alice.id, state: 'away' }])
  await bobs.call('people.me', {})
  expect(bobs.pushed.filter((frame) => frame.type === 'presence')).toHaveLength(1)
})

test('the blocked one brings the other into no group', async () => {
  const { alice, bob, carol, block } = await threePeople()
  await block(alice, bob)
  const people = [alice.id, carol.id]
  const { card } = await bob.call('groups.create', { clientId: clientId(), name: 'Us', people })
  const { conversation } = card
  expect((await bob.call('members.list', { conversation })).members.map(({ name }) => name)).toEqual(['bob', 'carol'])
  expect(await bob.call('members.add', { conversation, people: [alice.id] })).toEqual({ added: [] })
  // Somebody else may.
  expect(await carol.call('members.add', { conversation, people: [alice.id] })).toEqual({ added: [alice.id] })
})

test('a thread begun and a block at the same moment leave no open thread', async () => {
  const { alice, bob, block } = await threePeople()
  const [sent] = await Promise.allSettled([bob.write(alice, 'x'), block(alice, bob)])
  if (sent.status === 'rejected') expect(sent.reason).toMatchObject({ code: 'not_found' })
  await expect(bob.write(alice, 'y')).rejects.toMatchObject({
    code: sent.status === 'fulfilled' ? 'forbidden' : 'not_found',
  })
})

test('muting a person or a conversation is between oneself and one’s devices', async () => {
  const { alice, bob } = await threePeople()
  const conversation = await makeThread(alice, bob)
  const [phone, bobs] = [await alice.connect(), await bob.connect()]
  await alice.call('mutes.set', { person: bob.id, muted: true })
  expect((await phone.next('board')).rows).toMatchObject([{ key: `mute/${bob.id}`, value: { person: bob.id } }])
  await alice.call('mutes.set', { person: bob.id, muted: false })
  expect((await phone.next('board')).rows).toMatchObject([{ key: `mute/${bob.id}`, value: null }])
  const mute = (minutes: number | null) => alice.call('conversations.mute', { conversation, minutes })
  const { mutedUntil } = await mute(5)
  expect(Date.parse(mutedUntil ?? '')).toBeGreaterThan(Date.now() + 4 * 60_000)
  expect((await phone.next('board')).rows).toMatchObject([{ value: { mutedUntil, archived: false } }])
  expect((await mute(null)).mutedUntil).toMatch(/^9999/)
  await alice.call('conversations.archive', { conversation, archived: true })
  expect((await alice.call('conversations.get', { conversation })).card).toMatchObject({ archived: true })
  expect((await alice.call('conversations.get', { conversation })).card.mutedUntil).toMatch(/^9999/)
  expect(await mute(0)).toEqual({ mutedUntil: null })
  await bobs.call('people.me', {})
  expect(bobs.pushed).toEqual([])
})
