import { expect, test } from 'vitest'
import { clientId, makeThread, startTestServer } from '../../testing/server.ts'

test('presence is told to those who have the person on their screen, and to nobody else', async () => {
  const server = await startTestServer()
  const [alice, bob, carol] = [await server.person('alice'), await server.person('bob'), await server.person('carol')]
  const [bobs, carols] = [await bob.connect(), await carol.connect()]
  expect(await bobs.call('presence.watch', { people: [alice.id, carol.id] })).toEqual({
    people: [
      { person: alice.id, state: 'offline' },
      { person: carol.id, state: 'online' },
    ],
  })
  const phone = await alice.connect()
  expect((await bobs.next('presence')).people).toEqual([{ person: alice.id, state: 'online' }])
  await phone.call('presence.set', { state: 'away' })
  expect((await bobs.next('presence')).people).toEqual([{ person: alice.id, state: 'away' }])
  phone.close()
  expect((await bobs.next('presence')).people).toEqual([{ person: alice.id, state: 'offline' }])
  await carols.call('people.me', {})
  expect(carols.pushed).toEqual([])
})

test('typing reaches the other and no third person', async () => {
  const server = await startTestServer()
  const [alice, bob, carol] = [await server.person('alice'), await server.person('bob'), await server.person('carol')]
  const conversation = await makeThread(alice, bob)
  const [alices, bobs, carols] = [await alice.connect(), await bob.connect(), await carol.connect()]
  await alices.call('typing.set', { conversation, active: true })
  expect(await bobs.next('typing')).toMatchObject({ conversation, person: alice.id, active: true })
  await expect(carols.call('typing.set', { conversation, active: true })).rejects.toMatchObject({ code: 'not_found' })
  expect(carols.pushed).toEqual([])
})

test('who knew somebody by a conversation alone is not told of them once they are out of it', async () => {
  const server = await startTestServer()
  const [alice, bob, carol] = [await server.person('alice'), await server.person('bob'), await server.person('carol')]
  const people = [bob.id, carol.id]
  const { conversation } = (await alice.call('groups.create', { clientId: clientId(), name: 'Group', people })).card
  for (const person of [bob, carol]) await server.admin.call('people.setRole', { person: person.id, role: 'guest' })
  const [phone, bobs, carols] = [await alice.connect(), await bob.connect(), await carol.connect()]
  for (const watcher of [bobs, carols])
    expect(await watcher.call('presence.watch', { people: [alice.id] })).toMatchObject({
      people: [{ state: 'online' }],
    })
  await alice.call('members.remove', { conversation, person: bob.id })
  await phone.call('presence.set', { state: 'away' })
  expect((await carols.next('presence')).people).toEqual([{ person: alice.id, state: 'away' }])
  expect((await bobs.next('presence')).people).toEqual([{ person: alice.id, state: 'offline' }])
  await phone.call('presence.set', { state: 'online' })
  expect((await carols.next('presence')).people).toEqual([{ person: alice.id, state: 'online' }])
  await bobs.call('people.me', {})
  expect(bobs.pushed.filter((frame) => frame.type === 'presence')).toHaveLength(1)
})
