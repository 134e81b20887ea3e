import { expect, test } from 'vitest'
import { clientId, makeThread, startTestServer } from '../../testing/server.ts'

async function twoPeople() {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const conversation = await makeThread(alice, bob)
  return { server, alice, bob, conversation }
}

test('what one has received and read is told to the other and to one’s own devices, and only grows', async () => {
  const { alice, bob, conversation } = await twoPeople()
  const [alices, phone, laptop] = [await alice.connect(), await bob.connect(), await bob.connect()]
  await phone.call('receipts.delivered', { conversation, place: 3 })
  expect((await alices.next('receipt')).receipt).toEqual({ person: bob.id, delivered: 3, read: 0 })
  await phone.call('receipts.read', { conversation, place: 3 })
  expect((await alices.next('receipt')).receipt).toEqual({ person: bob.id, delivered: 3, read: 3 })
  expect((await laptop.next('read')).place).toBe(3)

  await laptop.call('receipts.read', { conversation, place: 1 })
  const [head] = (await bob.call('conversations.heads', {})).heads
  expect(head).toMatchObject({ read: 3 })
  expect((await alice.call('conversations.heads', {})).heads[0]?.receipts).toEqual([
    { person: bob.id, delivered: 3, read: 3 },
  ])
})

test('many receipts at the same moment end at the furthest', async () => {
  const { alice, bob, conversation } = await twoPeople()
  for (let index = 0; index < 20; index++)
    await alice.call('messages.send', { conversation, clientId: clientId(), text: `${index}` })
  const socket = await bob.connect()
  await Promise.all(
    Array.from({ length: 23 }, (_, index) =>
      socket.call('receipts.read', { conversation, place: ((index * 7) % 23) + 1 }),
    ),
  )
  expect((await bob.call('conversations.heads', {})).heads[0]).toMatchObject({ read: 23 })
})

test('who does not share how far they have read is not shown, also not later', async () => {
  const { alice, bob, conversation } = await twoPeople()
  const alices = await alice.connect()
  await bob.call('settings.update', { shareRead: false })
  await bob.call('receipts.read', { conversation, place: 3 })
  expect((await alices.next('receipt')).receipt).toEqual({ person: bob.id, delivered: 3, read: 0 })
  await bob.call('settings.update', { shareRead: true })
  expect((await alice.call('conversations.heads', {})).heads[0]?.receipts).toEqual([
    { person: bob.id, delivered: 3, read: 0 },
  ])
  expect((await bob.call('conversations.heads', {})).heads[0]).toMatchObject({ read: 3 })
})
