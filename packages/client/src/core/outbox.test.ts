import type { ConversationId } from '@sotto/protocol'
import { AppError, maxTextBytes } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import { MemoryDisk } from '#client/stores/memory.ts'
import { fairWeather } from '#client/testing/fake-server.ts'
import { itemFor, latest, messageRows, texts, World, windowOn } from '#client/testing/people.ts'

async function aliceAndBob(seed = 1) {
  const world = new World(seed)
  const alice = world.server.addPerson('alice')
  const bob = world.server.addPerson('bob')
  const conversation = world.server.addConversation([alice.id, bob.id])
  const disk = new MemoryDisk()
  const client = await world.online(alice, disk)
  const said = (id: ConversationId = conversation) =>
    world.server.entriesOf(id).map((entry) => (entry.kind === 'message' ? entry.body.text : ''))
  return { world, alice, bob, conversation, disk, client, said }
}

test('a refused message says why and holds back those behind it, not those elsewhere, until it is tried again', async () => {
  const { world, conversation, client, said } = await aliceAndBob()
  const carol = world.server.addPerson('carol')
  const window = windowOn(client, { conversation })
  const outbox = latest(client, 'outbox', {})
  world.server.refuse.set('messages.send', ({ text }) => (text === 'bad' ? new AppError('forbidden') : null))
  const bad = await client.send({ conversation }, 'bad')
  await client.send({ conversation }, 'second')
  await client.send({ conversation }, 'third')
  await client.send({ person: carol.id }, 'elsewhere')
  await world.clock.pass(60_000)
  expect(said()).toEqual([])
  expect(messageRows(window.value).map(({ state, error }) => [state, error?.code])).toEqual([
    ['failed', 'forbidden'],
    ['waiting', undefined],
    ['waiting', undefined],
  ])
  expect(outbox.value).toEqual({ waiting: 2, failed: 1 })
  const list = latest(client, 'conversations', { archived: false })
  expect(list.value.find(({ card }) => card.with === carol.id)?.last?.text).toBe('elsewhere')
  await client.retry(bad, 'good')
  await world.clock.passUntil(() => said().length === 3, 5_000, 10)
  expect(said()).toEqual(['good', 'second', 'third'])
  await world.clock.pass(100)
  expect(messageRows(window.value).map(({ text, state }) => [text, state])).toEqual([
    ['good', 'sent'],
    ['second', 'sent'],
    ['third', 'sent'],
  ])
  expect(window.value.rows[0]?.key).toBe(bad)
  await client.close()
})

test('a failed message survives a restart, and the others go when it is thrown away', async () => {
  const { world, conversation, client, disk, said } = await aliceAndBob()
  world.server.refuse.set('messages.send', ({ text }) => (text === 'bad' ? new AppError('too_large') : null))
  const bad = await client.send({ conversation }, 'bad')
  await client.send({ conversation }, 'good')
  await world.clock.pass(1_000)
  await client.close()
  const next = world.client(disk)
  await world.during(next.resume())
  await world.clock.pass(60_000)
  expect(said()).toEqual([])
  expect(latest(next, 'outbox', {}).value).toEqual({ waiting: 1, failed: 1 })
  await next.discard(bad)
  await world.clock.passUntil(() => said().length === 1, 5_000, 10)
  expect(said()).toEqual(['good'])
  await next.close()
})

test('a message is tried as long as the server cannot take it, and not before the server says', async () => {
  const { world, conversation, client, said } = await aliceAndBob()
  let tries = 0
  const startedAt = world.clock.now()
  world.server.refuse.set('messages.send', () => {
    tries++
    return world.clock.now() - startedAt < 600_000 ? new AppError('unavailable', undefined, 5_000) : null
  })
  await client.send({ conversation }, 'patience')
  await world.clock.pass(590_000)
  expect(tries).toBeGreaterThan(15)
  expect(tries).toBeLessThan(120)
  await world.clock.passUntil(() => said().length === 1, 60_000)
  await client.close()
})

test('a text changed after the server had taken the first one shows as what the server has', async () => {
  const { world, bob, conversation, client, said } = await aliceAndBob()
  const window = windowOn(client, { conversation })
  world.server.weather = { ...fairWeather, dropPush: 1, cutAfter: 1 }
  const key = await client.send({ conversation }, 'first text')
  await world.clock.passUntil(() => said().length === 1, 5_000, 10)
  world.server.weather = fairWeather
  world.server.refuse.set('messages.send', () => new AppError('forbidden'))
  world.server.refuse.set('messages.pull', () => new AppError('unavailable'))
  await world.clock.passUntil(() => messageRows(window.value)[0]?.state === 'failed', 60_000)
  world.server.refuse.clear()
  await client.retry(key, 'second text')
  await world.clock.passUntil(() => messageRows(window.value)[0]?.state === 'sent', 60_000)
  expect(texts(window.value)).toEqual(['first text'])
  expect(said()).toEqual(['first text'])
  expect(bob).toBeDefined()
  await client.close()
})

test('messages to a person and into their thread are one queue, in the order they were written', async () => {
  const { world, alice, client, said } = await aliceAndBob()
  const carol = world.server.addPerson('carol')
  const window = windowOn(client, { person: carol.id })
  world.server.weather = { ...fairWeather, delayMs: 300, reorder: true }
  for (let number = 0; number < 5; number++) await client.send({ person: carol.id }, `to Carol ${number}`)
  await world.clock.passUntil(() => window.value.card !== null, 20_000, 10)
  const thread = window.value.card?.conversation as ConversationId
  for (let number = 5; number < 8; number++)
    await client.send(number % 2 ? { conversation: thread } : { person: carol.id }, `to Carol ${number}`)
  await world.clock.passUntil(
    () => messageRows(window.value).filter(({ place }) => place !== null).length === 8,
    60_000,
  )
  const expected = Array.from({ length: 8 }, (_, number) => `to Carol ${number}`)
  expect(said(thread)).toEqual(expected)
  for (const seen of window.seen) expect(texts(seen)).toEqual(expected.slice(0, texts(seen).length))
  const counts = window.seen.map((seen) => seen.rows.length)
  expect(counts).toEqual([...counts].sort((a, b) => a - b))
  expect(
    [...world.server.conversations.values()].filter(
      ({ members }) => members.includes(carol.id) && members.includes(alice.id),
    ).length,
  ).toBe(1)
  await client.close()
})

test('different conversations do not wait for each other', async () => {
  const { world, alice, client } = await aliceAndBob()
  const others = Array.from({ length: 10 }, (_, index) =>
    world.server.addConversation([alice.id, world.server.addPerson(`p${index}`).id]),
  )
  await world.clock.pass(1_000)
  world.server.weather = { ...fairWeather, delayMs: 0 }
  const startedAt = world.clock.now()
  for (const conversation of others) await client.send({ conversation }, 'hello')
  await world.clock.passUntil(() => others.every((id) => world.server.entriesOf(id).length === 1), 1_000, 1)
  expect(world.clock.now() - startedAt).toBeLessThan(20)
  await client.close()
})

test('the list shows what waits, and the draft of a sent text is gone', async () => {
  const { world, conversation, client } = await aliceAndBob()
  const list = latest(client, 'conversations', { archived: false })
  await client.setDraft({ conversation }, 'a thought')
  expect(itemFor(list.value, conversation)?.draft).toBe('a thought')
  world.server.socketsOpen = false
  world.server.cutAll()
  await client.send({ conversation }, 'a thought')
  await world.clock.pass(1)
  expect(itemFor(list.value, conversation)).toMatchObject({
    draft: null,
    last: { text: 'a thought', state: 'waiting' },
  })
  await client.close()
})

test('the list says where a message was refused, whatever was written behind it, until the person decides', async () => {
  const { world, alice, conversation, client } = await aliceAndBob()
  const quiet = world.server.addConversation([alice.id, world.server.addPerson('carol').id], 1)
  const list = latest(client, 'conversations', { archived: false })
  const failed = () => [conversation, quiet].map((id) => itemFor(list.value, id)?.failed)
  world.server.refuse.set('messages.send', () => new AppError('forbidden'))
  const bad = await client.send({ conversation }, 'refused')
  await client.send({ conversation }, 'behind it')
  await world.clock.passUntil(() => failed()[0] === true, 5_000)
  expect(failed()).toEqual([true, false])
  expect(itemFor(list.value, conversation)?.last).toMatchObject({ text: 'behind it', state: 'waiting' })
  world.server.refuse.clear()
  await client.retry(bad)
  await world.clock.passUntil(() => world.server.entriesOf(conversation).length === 2)
  expect(failed()).toEqual([false, false])
  await client.close()
})

test('a text that is empty or too long is refused before it is stored', async () => {
  const { conversation, client, disk } = await aliceAndBob()
  await expect(client.send({ conversation }, '')).rejects.toMatchObject({ code: 'invalid_input' })
  await expect(client.send({ conversation }, 'ä'.repeat(maxTextBytes / 2 + 1))).rejects.toMatchObject({
    code: 'too_large',
  })
  await client.send({ conversation }, 'ä'.repeat(maxTextBytes / 2))
  expect([...disk.records.keys()].filter((key) => key.startsWith('outbox/')).length).toBeLessThanOrEqual(1)
  await client.close()
})

test('a disk that takes nothing refuses the message; what comes in is there when the disk is', async () => {
  const { world, bob, conversation, disk, client } = await aliceAndBob()
  const window = windowOn(client, { conversation })
  const real = disk.records.set.bind(disk.records)
  disk.records.set = () => {
    throw new DOMException('full', 'QuotaExceededError')
  }
  await expect(client.send({ conversation }, 'no room')).rejects.toMatchObject({ code: 'unavailable' })
  world.server.say(conversation, bob.id, 'meanwhile')
  await world.clock.pass(2_000)
  expect(window.value.rows).toEqual([])
  disk.records.set = real
  await world.clock.passUntil(() => texts(window.value).includes('meanwhile'), 10_000)
  await client.close()
})
