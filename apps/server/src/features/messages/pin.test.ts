import { readFile } from 'node:fs/promises'
import type { ConversationId, EntryId } from '@sotto/protocol'
import { maxPins } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import { clientId, makeConversation, makeThread, startTestServer, type TestPerson } from '../../testing/server.ts'

async function scene() {
  const server = await startTestServer({ requestsPerMinute: 1_000_000 })
  const [alice, bob, carol] = [await server.person('alice'), await server.person('bob'), await server.person('carol')]
  const say = async (person: TestPerson, conversation: ConversationId, text: string) =>
    (await person.call('messages.send', { conversation, clientId: clientId(), text })).id
  const pin = (person: TestPerson, conversation: ConversationId, message: EntryId, pinned = true) =>
    person.call('messages.pin', { conversation, message, pinned })
  const pins = async (person: TestPerson, conversation: ConversationId) =>
    (await person.call('messages.pins', { conversation })).pins.map(({ message }) => message.id)
  const head = async (person: TestPerson, conversation: ConversationId) =>
    (await person.call('messages.page', { conversation })).head
  const run = (sql: string, parameters: unknown[] = []) =>
    server.platform.db.executeQuery({ sql, parameters, query: { kind: 'RawNode' } } as never)
  return { server, alice, bob, carol, say, pin, pins, head, run }
}

const forbidden = (about: string) => ({ code: 'forbidden', body: { error: { about } } })

test('a message is pinned for both of a thread, newest pin first, and doing it again says nothing again', async () => {
  const { alice, bob, carol, say, pin, pins, head } = await scene()
  const conversation = await makeThread(alice, bob)
  const [one, two] = [await say(alice, conversation, 'one'), await say(bob, conversation, 'two')]
  const socket = await bob.connect()
  await pin(alice, conversation, two)
  expect((await socket.next('entry')).entry).toMatchObject({
    kind: 'pinned',
    sender: alice.id,
    target: two,
    body: { pinned: true },
  })
  await pin(bob, conversation, one)
  const before = await head(bob, conversation)
  await pin(alice, conversation, two)
  expect(await head(bob, conversation)).toBe(before)
  expect(await pins(alice, conversation)).toEqual([one, two])

  await alice.call('messages.edit', { conversation, message: one, clientId: clientId(), text: 'uno' })
  const shown = await bob.call('messages.pins', { conversation })
  expect(shown).toMatchObject({ head: before + 1, about: [{ kind: 'edited', target: one, body: { text: 'uno' } }] })
  expect(shown.pins.map(({ message, place }) => [message.body, place])).toEqual([
    [{ text: 'one' }, before],
    [{ text: 'two' }, before - 1],
  ])

  await pin(bob, conversation, two, false)
  await pin(bob, conversation, two, false)
  expect(await head(bob, conversation)).toBe(before + 2)
  expect(await pins(alice, conversation)).toEqual([one])
  await expect(pin(carol, conversation, one)).rejects.toMatchObject({ code: 'not_found' })
  await expect(pins(carol, conversation)).rejects.toMatchObject({ code: 'not_found' })
})

test('who may is a right of its own, and readers, the silenced and closed places have none', async () => {
  const { server, alice, bob, carol, say, pin, pins } = await scene()
  const group = await makeConversation(server, alice, 'group')
  await alice.call('members.add', { conversation: group, people: [bob.id, carol.id] })
  const message = await say(alice, group, 'read me')
  const { details } = (await alice.call('conversations.get', { conversation: group })).head
  expect(details.rights.pin).toBe('member')
  await pin(bob, group, message)
  await pin(bob, group, message, false)
  await alice.call('conversations.change', {
    conversation: group,
    change: { rights: { ...details.rights, pin: 'moderator' } },
  })
  await expect(pin(bob, group, message)).rejects.toMatchObject(forbidden('pin'))
  await alice.call('members.setRole', { conversation: group, person: bob.id, role: 'moderator' })
  await pin(bob, group, message)
  await alice.call('members.silence', { conversation: group, person: bob.id, minutes: 5 })
  await expect(pin(bob, group, message, false)).rejects.toMatchObject(forbidden('silenced'))
  await alice.call('conversations.change', { conversation: group, change: { rights: details.rights } })
  await alice.call('members.setRole', { conversation: group, person: carol.id, role: 'reader' })
  await expect(pin(carol, group, message, false)).rejects.toMatchObject(forbidden('pin'))
  expect(await pins(carol, group)).toEqual([message])
  await alice.call('conversations.change', { conversation: group, change: { closed: true } })
  await expect(pin(alice, group, message, false)).rejects.toMatchObject(forbidden('closed'))
  expect(await pins(bob, group)).toEqual([message])

  const channel = await makeConversation(server, alice, 'channel')
  await alice.call('members.add', { conversation: channel, people: [bob.id] })
  const news = await say(bob, channel, 'news')
  await expect(pin(bob, channel, news)).rejects.toMatchObject(forbidden('pin'))
  await pin(alice, channel, news)
  const thread = await makeThread(alice, bob)
  const said = await say(bob, thread, 'x')
  await alice.call('blocks.set', { person: bob.id, blocked: true })
  await expect(pin(bob, thread, said)).rejects.toMatchObject(forbidden('post'))
})

test('what is deleted is not pinned any more, and what is not a message never is', async () => {
  const { alice, bob, say, pin, pins } = await scene()
  const conversation = await makeThread(alice, bob)
  const message = await say(alice, conversation, 'the canary')
  await pin(bob, conversation, message)
  const { id } = await alice.call('messages.edit', {
    conversation,
    message,
    clientId: clientId(),
    text: 'the canary sings',
  })
  await expect(pin(bob, conversation, id)).rejects.toMatchObject({ code: 'not_found' })
  await alice.call('messages.delete', { conversation, message, clientId: clientId() })
  expect(await pins(bob, conversation)).toEqual([])
  await expect(pin(bob, conversation, message)).rejects.toMatchObject({ code: 'conflict' })
  await pin(bob, conversation, message, false)
})

test('who came later sees what was pinned of what they can read, and pins nothing else', async () => {
  const { server, alice, bob, say, pin, pins } = await scene()
  const conversation = await makeConversation(server, alice, 'group')
  const before = await say(alice, conversation, 'before you came')
  await pin(alice, conversation, before)
  await alice.call('members.add', { conversation, people: [bob.id] })
  const after = await say(alice, conversation, 'since you are here')
  await pin(alice, conversation, after)
  expect(await pins(alice, conversation)).toEqual([after, before])
  expect(await pins(bob, conversation)).toEqual([after])
  await expect(pin(bob, conversation, before, false)).rejects.toMatchObject({ code: 'not_found' })
  await alice.call('members.remove', { conversation, person: bob.id })
  await expect(pins(bob, conversation)).rejects.toMatchObject({ code: 'not_found' })
})

test(`a conversation has ${maxPins} pinned messages and no more, and they go with it`, async () => {
  const { server, alice, say, pin, pins, head, run } = await scene()
  const conversation = await makeConversation(server, alice, 'channel')
  const messages: EntryId[] = []
  for (let index = 0; index <= maxPins; index++) messages.push(await say(alice, conversation, `${index}`))
  const [last, ...rest] = messages.reverse() as [EntryId, ...EntryId[]]
  for (const message of rest) await pin(alice, conversation, message)
  const at = await head(alice, conversation)
  await expect(pin(alice, conversation, last)).rejects.toMatchObject({
    code: 'conflict',
    body: { error: { about: 'pins' } },
  })
  expect(await head(alice, conversation)).toBe(at)
  await pin(alice, conversation, rest[0] as EntryId, false)
  await pin(alice, conversation, last)
  expect(await pins(alice, conversation)).toHaveLength(maxPins)
  const { name } = (await alice.call('conversations.get', { conversation })).head.details
  await server.admin.call('channels.delete', { conversation, name: name as string })
  expect((await run('select 1 from pins')).rows).toEqual([])
})

test('a conversation of before there was the right to pin has that of its kind', async () => {
  const { server, alice, bob, say, pin, run } = await scene()
  const conversation = await makeConversation(server, alice, 'channel')
  await alice.call('members.add', { conversation, people: [bob.id] })
  await run(`update conversations set details = details #- '{rights,pin}' where id = $1`, [conversation])
  const { head } = await bob.call('conversations.get', { conversation })
  expect(head.details.rights).toMatchObject({ pin: 'moderator', post: 'member' })
  const message = await say(bob, conversation, 'x')
  await expect(pin(bob, conversation, message)).rejects.toMatchObject(forbidden('pin'))
  await pin(alice, conversation, message)
  await alice.call('conversations.change', { conversation, change: { topic: 'still runs' } })

  // What the migration makes of such ones.
  await run(`update conversations set details = details #- '{rights,pin}', pin_rank = 1`)
  const path = new URL('../../platform/migrations/0020_pins.sql', import.meta.url)
  for (const statement of (await readFile(path, 'utf8')).match(/^update conversations[^;]*;/gm) ?? [])
    await run(statement)
  const { rows } = await run(`select details->'rights'->>'pin' as pin, pin_rank from conversations where id = $1`, [
    conversation,
  ])
  expect(rows).toEqual([{ pin: 'moderator', pin_rank: 2 }])
})
