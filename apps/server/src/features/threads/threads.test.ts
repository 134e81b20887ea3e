import { randomUUID } from 'node:crypto'
import type { ConversationId } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { clientId, makeThread, startTestServer } from '../../testing/server.ts'

test('the first message to a person makes the thread of the two, and every later one continues it', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const bobs = await bob.connect()

  const first = await alice.write(bob, 'hello')
  expect((await bobs.next('entry', (frame) => frame.entry.kind === 'message')).entry).toMatchObject({
    conversation: first.conversation,
    place: first.place,
    sender: alice.id,
    receiver: bob.id,
    body: { text: 'hello' },
  })
  expect((await bobs.next('board')).rows[0]?.value).toMatchObject({
    conversation: first.conversation,
    with: alice.id,
    kind: 'thread',
  })

  const back = await bob.write(alice, 'hello yourself')
  expect(back).toMatchObject({ conversation: first.conversation, place: first.place + 1 })
})

test('two people who write to each other at the same moment share one thread', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const sent = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      index % 2 ? alice.write(bob, `a${index}`) : bob.write(alice, `b${index}`),
    ),
  )
  expect(new Set(sent.map((reply) => reply.conversation)).size).toBe(1)
  expect(sent.map((reply) => reply.place).sort((a, b) => a - b)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
})

test('a retried first message is the same message', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const id = clientId()
  const once = await alice.write(bob, 'hello', id)
  expect(await alice.write(bob, 'hello', id)).toEqual(once)
})

test('nobody writes to themselves or to somebody who does not exist', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  await expect(alice.write(alice, 'me')).rejects.toMatchObject({ code: 'invalid_input' })
  await expect(
    alice.call('threads.start', { person: randomUUID() as never, clientId: clientId(), text: 'x' }),
  ).rejects.toMatchObject({ code: 'not_found' })
})

test('an invitation seats one person, once; the link alone tells a stranger nothing', async () => {
  const server = await startTestServer()
  const [alice, bob, mallory] = [
    await server.person('alice'),
    await server.person('bob'),
    await server.person('mallory'),
  ]
  const { conversation } = await alice.call('threads.open', { clientId: clientId() })
  const { invitation } = await alice.call('threads.invite', { conversation, expiresInHours: 1 })

  const missing = randomUUID() as ConversationId
  const asked = [
    await mallory.call('threads.join', { conversation }),
    await mallory.call('threads.join', { conversation: missing }),
  ]
  expect(asked[0]).toEqual(asked[1])

  expect(await bob.call('threads.join', { conversation, invitation })).toEqual({ state: 'joined', conversation })
  await expect(mallory.call('threads.join', { conversation, invitation })).rejects.toMatchObject({
    code: 'link_expired',
  })
  await expect(mallory.call('messages.page', { conversation })).rejects.toMatchObject({ code: 'not_found' })
  expect((await bob.call('messages.page', { conversation })).entries.map((entry) => entry.kind)).toEqual([
    'created',
    'joined',
  ])
  expect((await alice.write(bob, 'welcome')).conversation).toBe(conversation)
})

test('an invitation that is forged, swapped or expired admits nobody', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const mine = await alice.call('threads.open', { clientId: clientId() })
  const other = await alice.call('threads.open', { clientId: clientId() })
  const { invitation } = await alice.call('threads.invite', { conversation: other.conversation, expiresInHours: 1 })
  const forged = `${invitation.slice(0, -6)}AAAAAA`
  for (const wrong of [invitation, forged, bob.signedIn.accessToken])
    await expect(
      bob.call('threads.join', { conversation: mine.conversation, invitation: wrong }),
    ).rejects.toMatchObject({ code: 'link_expired' })
  expect(await bob.call('threads.join', { conversation: other.conversation, invitation })).toMatchObject({
    state: 'joined',
  })
})

test('where the two already have a thread, an invitation leads there', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const existing = await makeThread(alice, bob)
  const { conversation } = await alice.call('threads.open', { clientId: clientId() })
  const { invitation } = await alice.call('threads.invite', { conversation, expiresInHours: 1 })
  expect(await bob.call('threads.join', { conversation, invitation })).toEqual({
    state: 'joined',
    conversation: existing,
  })
})

test('who asks for a seat gets it when its owner says so, and not otherwise', async () => {
  const server = await startTestServer()
  const [alice, bob, mallory] = [
    await server.person('alice'),
    await server.person('bob'),
    await server.person('mallory'),
  ]
  const alices = await alice.connect()
  const { conversation } = await alice.call('threads.open', { clientId: clientId() })
  await mallory.call('threads.join', { conversation })
  await bob.call('threads.join', { conversation })
  const request = await alices.next('board', (frame) =>
    frame.rows.some((row) => row.key === `request/${conversation}/${bob.id}`),
  )
  expect(request.rows[0]?.value).toMatchObject({ conversation, person: bob.id })

  await alice.call('threads.answer', { conversation, person: mallory.id, admit: false })
  await alice.call('threads.answer', { conversation, person: bob.id, admit: true })
  await expect(mallory.call('messages.page', { conversation })).rejects.toMatchObject({ code: 'not_found' })
  expect((await bob.call('conversations.get', { conversation })).card.with).toBe(alice.id)
  await expect(alice.call('threads.answer', { conversation, person: bob.id, admit: true })).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('opening a free seat twice with one client id makes one thread', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  const id = clientId()
  const opened = await Promise.all([
    alice.call('threads.open', { clientId: id }),
    alice.call('threads.open', { clientId: id }),
  ])
  expect(opened[0]).toEqual(opened[1])
})
