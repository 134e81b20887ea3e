import { randomUUID } from 'node:crypto'
import type { ConversationId, Entry } from '@sotto/protocol'
import { maxTextBytes } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import { clientId, makeThread, startTestServer } from '../../testing/server.ts'
import type { TestSocket } from '../../testing/socket.ts'

const texts = (entries: readonly Entry[]) =>
  entries.flatMap((entry) => (entry.kind === 'message' ? [entry.body.text] : []))

test('a message reaches every device of both people once and in order, even when its sender retries', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const conversation = await makeThread(alice, bob)
  const [phone, laptop, bobs] = [await alice.connect(), await alice.connect(), await bob.connect()]
  const ids = Array.from({ length: 20 }, clientId)
  for (const [index, id] of ids.entries()) {
    const first = await phone.call('messages.send', { conversation, clientId: id, text: `m${index}` })
    expect(
      await phone.call('messages.send', { conversation, clientId: id, text: 'a retry may even say something else' }),
    ).toEqual(first)
  }
  const expected = ids.map((_, index) => `m${index}`)
  for (const device of [phone, laptop, bobs]) {
    await device.next('entry', ({ entry }) => entry.kind === 'message' && entry.body.text === 'm19')
    expect(texts(device.pushed.flatMap((frame) => (frame.type === 'entry' ? [frame.entry] : [])))).toEqual(expected)
  }
})

test('parallel messages of many senders get places without a gap, and what is announced is what is stored', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const conversation = await makeThread(alice, bob)
  const listener = await bob.connect()
  const sockets = [await alice.connect(), await bob.connect(), await alice.connect()] as const
  const sent = await Promise.all(
    Array.from({ length: 150 }, (_, index) =>
      (sockets[index % 3] as TestSocket).call('messages.send', {
        conversation,
        clientId: clientId(),
        text: `${index}`,
      }),
    ),
  )
  expect(sent.map((reply) => reply.place).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 150 }, (_, index) => index + 4),
  )
  await listener.next('entry', ({ entry }) => entry.place === 153)
  const { entries } = await alice.call('messages.page', { conversation, limit: 200 })
  expect(entries.map((entry) => entry.place)).toEqual(Array.from({ length: 153 }, (_, index) => index + 1))
  const announced = listener.pushed.flatMap((frame) => (frame.type === 'entry' ? [frame.entry] : []))
  expect(announced).toEqual(entries.slice(3))
})

test('what cannot be a message is refused by name, and the connection lives on', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const conversation = await makeThread(alice, bob)
  const socket = await alice.connect()
  const send = (change: object) =>
    socket.ask({ type: 'messages.send', conversation, clientId: clientId(), text: 'x', ...change })
  const cases: [object, string][] = [
    [{ text: '' }, 'invalid_input'],
    [{ text: ' \n ' }, 'invalid_input'],
    [{ text: 'é'.repeat(maxTextBytes / 2 + 1) }, 'too_large'],
    [{ text: 'x'.repeat(maxTextBytes + 1) }, 'invalid_input'],
    [{ text: '\ud800' }, 'invalid_input'],
    [{ text: 7 }, 'invalid_input'],
    [{ clientId: 'mine' }, 'invalid_input'],
    [{ conversation: 'x' }, 'invalid_input'],
    [{ sender: bob.id }, 'invalid_input'],
    [{ place: 1 }, 'invalid_input'],
    [{ conversation: randomUUID() }, 'not_found'],
  ]
  for (const [change, code] of cases)
    expect((await send(change)).error, JSON.stringify(change).slice(0, 80)).toMatchObject({ code })
  expect((await send({ text: 'still here' })).ack).toMatchObject({ place: 4 })
})

test('a client id that was used in another conversation is a conflict, and nothing is written', async () => {
  const server = await startTestServer()
  const [alice, bob, carol] = [await server.person('alice'), await server.person('bob'), await server.person('carol')]
  const [one, two] = [await makeThread(alice, bob), await makeThread(alice, carol)]
  const id = clientId()
  await alice.call('messages.send', { conversation: one, clientId: id, text: 'x' })
  await expect(alice.call('messages.send', { conversation: two, clientId: id, text: 'x' })).rejects.toMatchObject({
    code: 'conflict',
  })
  expect((await carol.call('messages.page', { conversation: two })).head).toBe(3)
})

test('pages and pulls fill what was asked for without a gap, newest first where wanted', async () => {
  const server = await startTestServer()
  const [alice, bob, carol] = [await server.person('alice'), await server.person('bob'), await server.person('carol')]
  const [one, two] = [await makeThread(alice, bob), await makeThread(alice, carol)]
  for (let index = 0; index < 27; index++)
    await alice.call('messages.send', { conversation: one, clientId: clientId(), text: `${index}` })

  const places = (entries: readonly Entry[]) => [entries[0]?.place, entries.at(-1)?.place, entries.length]
  expect(places((await alice.call('messages.page', { conversation: one, limit: 10 })).entries)).toEqual([21, 30, 10])
  expect(places((await alice.call('messages.page', { conversation: one, before: 21, limit: 10 })).entries)).toEqual([
    11, 20, 10,
  ])
  expect(places((await alice.call('messages.page', { conversation: one, after: 25, limit: 10 })).entries)).toEqual([
    26, 30, 5,
  ])
  await expect(alice.call('messages.page', { conversation: one, after: 31 })).rejects.toMatchObject({
    code: 'invalid_input',
  })

  const foreign = await makeThread(bob, carol)
  const { spans } = await alice.call('messages.pull', {
    spans: [
      { conversation: one, from: 1, to: 99, newestFirst: true },
      { conversation: foreign, from: 1, to: 99 },
      { conversation: two, from: 2, to: 3 },
      { conversation: randomUUID() as ConversationId, from: 1, to: 9 },
    ],
    limit: 12,
  })
  expect(spans.map(({ conversation, from, to, entries }) => [conversation, from, to, ...places(entries)])).toEqual([
    [one, 19, 30, 19, 30, 12],
  ])
  const rest = await alice.call('messages.pull', { spans: [{ conversation: two, from: 2, to: 3 }] })
  expect(rest.spans.map((span) => [span.conversation, span.from, span.to])).toEqual([[two, 2, 3]])
})

test('what is on disk is sealed, differs per conversation, and survives new keys', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const secret = 'the canary sings at noon'
  const { conversation } = await alice.write(bob, secret)
  await alice.call('drafts.set', { conversation, text: secret })
  const stored = async () => {
    const { rows } = await server.platform.db.executeQuery<{ bytes: Buffer }>({
      sql: 'select body as bytes from entries union all select value from board_rows where value is not null',
      parameters: [],
      query: { kind: 'RawNode' },
    } as never)
    return rows.map((row) => row.bytes)
  }
  expect((await stored()).length).toBeGreaterThan(4)
  expect((await stored()).filter((bytes) => bytes.includes(secret))).toEqual([])

  expect((await server.admin.call('instance.rotateKeys', {})).conversations).toBeGreaterThan(0)
  await bob.write(alice, 'after the rotation')
  expect(texts((await bob.call('messages.page', { conversation })).entries)).toEqual([secret, 'after the rotation'])
  const versions = (await stored()).map((bytes) => bytes.readUInt32BE(2))
  expect(new Set(versions)).toEqual(new Set([1, 2]))
})
