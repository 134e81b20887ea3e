import type { ConversationId, Entry, EntryId } from '@sotto/protocol'
import { applyEntry, emptyView, maxTextBytes } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import { clientId, makeConversation, makeThread, startTestServer, type TestPerson } from '../../testing/server.ts'

type Server = Awaited<ReturnType<typeof startTestServer>>

async function run<Row = unknown>(server: Server, sql: string, parameters: unknown[] = []): Promise<Row[]> {
  const { rows } = await server.platform.db.executeQuery<Row>({ sql, parameters, query: { kind: 'RawNode' } } as never)
  return rows
}

async function scene() {
  const server = await startTestServer()
  const [alice, bob, carol] = [await server.person('alice'), await server.person('bob'), await server.person('carol')]
  const say = async (person: TestPerson, conversation: ConversationId, text: string) =>
    (await person.call('messages.send', { conversation, clientId: clientId(), text })).id
  const change = (person: TestPerson, conversation: ConversationId, message: EntryId, text: string) =>
    person.call('messages.edit', { conversation, message, clientId: clientId(), text })
  const remove = (person: TestPerson, conversation: ConversationId, message: EntryId) =>
    person.call('messages.delete', { conversation, message, clientId: clientId(), reason: 'because' })
  const older = (message: EntryId, minutes: number) =>
    run(server, `update entries set at = at - make_interval(mins => $2) where id = $1`, [message, minutes])
  return { server, alice, bob, carol, say, change, remove, older }
}

const refusal = (code: string, about: string) => ({ body: { error: { code, about } } })
const shown = (...entries: (readonly Entry[])[]) =>
  entries
    .flat()
    .reduce(applyEntry, emptyView)
    .messages.map(({ body, editedAt, deleted }) => [body.text, editedAt !== null, deleted])

test('an edit reaches everybody, in windows that end before it too, and a retry of it is the same edit', async () => {
  const { alice, bob, say, change } = await scene()
  const conversation = await makeThread(alice, bob)
  const socket = await bob.connect()
  const id = await say(alice, conversation, 'one')
  await say(bob, conversation, 'two')
  await change(alice, conversation, id, 'uno')
  const again = clientId()
  const edit = { conversation, message: id, clientId: again, text: 'eins' }
  const first = await alice.call('messages.edit', edit)
  expect(await alice.call('messages.edit', edit)).toEqual(first)
  expect((await socket.next('entry', ({ entry }) => entry.id === first.id)).entry).toMatchObject({
    kind: 'edited',
    target: id,
    sender: alice.id,
    body: { text: 'eins' },
  })

  const page = await bob.call('messages.page', { conversation, before: 6, limit: 2 })
  expect(page.entries.map((entry) => entry.place)).toEqual([4, 5])
  expect(page.about.map((entry) => entry.id)).toEqual([first.id])
  expect(shown(page.entries, page.about)).toEqual([
    ['eins', true, null],
    ['two', false, null],
  ])
  const pulled = await bob.call('messages.pull', { spans: [{ conversation, from: 4, to: 5 }] })
  expect(pulled.about).toEqual(page.about)
  // Nothing is about what comes with its own edits.
  expect((await bob.call('messages.page', { conversation })).about).toEqual([])
  await expect(bob.call('messages.edit', { ...edit, clientId: clientId() })).rejects.toMatchObject({
    code: 'forbidden',
  })
  await expect(alice.call('messages.edit', { ...edit, message: first.id, clientId: clientId() })).rejects.toMatchObject(
    { code: 'not_found' },
  )
  await expect(alice.call('messages.edit', { ...edit, text: 'é'.repeat(maxTextBytes / 2 + 1) })).rejects.toMatchObject({
    code: 'too_large',
  })
  await expect(alice.call('messages.send', { conversation, clientId: again, text: 'x' })).resolves.toMatchObject({
    place: first.place,
  })
})

test('what was deleted is nowhere any more: not in a page, a pull, a frame or the table', async () => {
  const { server, alice, bob, say, change, remove } = await scene()
  const conversation = await makeThread(alice, bob)
  const id = await say(alice, conversation, 'the canary')
  await change(alice, conversation, id, 'the canary sings')
  await say(bob, conversation, 'after')
  const stored = async () => {
    const { sealing } = server.platform
    const rows = await run<{ id: string; body: Buffer }>(
      server,
      `select id, body from entries where conversation = $1`,
      [conversation],
    )
    return Promise.all(rows.map(async ({ id, body }) => String(await sealing.open(conversation, id, body))))
  }
  expect((await stored()).filter((text) => text.includes('canary'))).toHaveLength(2)

  const socket = await bob.connect()
  const { place } = await remove(alice, conversation, id)
  expect((await socket.next('entry')).entry).toMatchObject({ kind: 'deleted', target: id, body: { by: 'sender' } })
  expect((await stored()).filter((text) => text.includes('canary'))).toEqual([])
  const whole = await bob.call('messages.page', { conversation })
  const part = await bob.call('messages.page', { conversation, before: 5 })
  const pulled = await bob.call('messages.pull', { spans: [{ conversation, from: 1, to: 5 }] })
  expect(JSON.stringify([whole, part, pulled, socket.pushed])).not.toContain('canary')
  expect(part.about.map((entry) => entry.kind)).toEqual(['edited', 'deleted'])
  expect(shown(whole.entries)).toContainEqual(['', false, 'sender'])
  expect(shown(part.entries, part.about)).toEqual(shown(whole.entries).slice(0, 2))

  await expect(change(alice, conversation, id, 'back')).rejects.toMatchObject({ code: 'conflict' })
  await expect(remove(alice, conversation, id)).rejects.toMatchObject({ code: 'conflict' })
  expect((await alice.call('messages.page', { conversation })).head).toBe(place)
  // Of what its sender took back nothing is kept.
  expect(await run(server, 'select 1 from kept_messages')).toEqual([])
})

test('the settings of the instance say for how long, and count at once', async () => {
  const { server, alice, bob, say, change, remove, older } = await scene()
  const conversation = await makeThread(alice, bob)
  const id = await say(alice, conversation, 'one')
  const set = (settings: object) => server.admin.call('instance.changeSettings', settings)
  await change(alice, conversation, id, 'two')
  await set({ enable_message_editing: false, enable_message_deletion: false })
  await expect(change(alice, conversation, id, 'three')).rejects.toMatchObject(refusal('forbidden', 'editing'))
  await expect(remove(alice, conversation, id)).rejects.toMatchObject(refusal('forbidden', 'deletion'))
  await set({ enable_message_editing: true, enable_message_deletion: true, message_delete_minutes: 30 })
  await older(id, 61)
  await expect(change(alice, conversation, id, 'three')).rejects.toMatchObject(refusal('forbidden', 'too late'))
  await expect(remove(alice, conversation, id)).rejects.toMatchObject(refusal('forbidden', 'too late'))
  await set({ message_edit_minutes: 0, message_delete_minutes: 62 })
  await change(alice, conversation, id, 'three')
  await remove(alice, conversation, id)

  expect(await alice.call('instance.settings', {})).toEqual({
    enable_message_editing: true,
    message_edit_minutes: 0,
    enable_message_deletion: true,
    message_delete_minutes: 62,
    bulk_quiet_from: '',
    bulk_quiet_until: '',
  })
  expect(await server.admin.call('instance.settings', {})).toMatchObject({ word_filter: [], message_edit_minutes: 0 })
  await expect(alice.call('instance.changeSettings', { message_edit_minutes: 5 })).rejects.toMatchObject({
    code: 'forbidden',
  })
  await expect(set({ message_edit_minutes: -1 })).rejects.toMatchObject({ code: 'invalid_input' })
  const { records } = await server.admin.call('audit.list', { action: 'instance.changed' })
  expect(records[0]?.detail).toEqual({ message_edit_minutes: 0, message_delete_minutes: 62 })
})

test('who may not write may not edit, but may take back what they wrote', async () => {
  const { server, alice, bob, say, change, remove } = await scene()
  const conversation = await makeConversation(server, alice, 'group')
  await alice.call('members.add', { conversation, people: [bob.id] })
  await alice.call('conversations.change', { conversation, change: { slowSeconds: 3600 } })
  const id = await say(bob, conversation, 'one')
  // Nobody waits to correct a word.
  await change(bob, conversation, id, 'two')
  await alice.call('members.silence', { conversation, person: bob.id, minutes: 10 })
  await expect(change(bob, conversation, id, 'three')).rejects.toMatchObject(refusal('forbidden', 'silenced'))
  await alice.call('members.silence', { conversation, person: bob.id, minutes: 0 })
  await alice.call('conversations.change', { conversation, change: { closed: true } })
  await expect(change(bob, conversation, id, 'three')).rejects.toMatchObject(refusal('forbidden', 'closed'))
  await remove(bob, conversation, id)
  await alice.call('members.remove', { conversation, person: bob.id })
  await expect(remove(bob, conversation, id)).rejects.toMatchObject({ code: 'not_found' })
})

test('moderators delete what others wrote, not in threads, and the text is kept, sealed', async () => {
  const { server, alice, bob, carol, say, remove } = await scene()
  const conversation = await makeConversation(server, alice, 'group')
  await alice.call('members.add', { conversation, people: [bob.id, carol.id] })
  const id = await say(bob, conversation, 'the canary')
  await expect(remove(carol, conversation, id)).rejects.toMatchObject(refusal('forbidden', 'moderate'))
  await alice.call('members.setRole', { conversation, person: carol.id, role: 'moderator' })
  await remove(carol, conversation, id)
  const { entries } = await bob.call('messages.page', { conversation })
  expect(entries.at(-1)).toMatchObject({ kind: 'deleted', sender: carol.id, body: { by: 'moderator' } })
  expect(JSON.stringify(entries)).not.toContain('canary')
  expect(JSON.stringify(entries)).not.toContain('because')
  const kept = await run<{ content: Buffer }>(server, 'select content from kept_messages where message = $1', [id])
  expect(kept.map(({ content }) => content.includes('canary'))).toEqual([false])
  expect(
    String(
      await server.platform.sealing.open(conversation, `kept ${id}`, (kept[0] as never as { content: Buffer }).content),
    ),
  ).toBe(JSON.stringify({ text: 'the canary', reason: 'because' }))
  const { records } = await server.admin.call('audit.list', { action: 'message.deleted' })
  expect(records).toMatchObject([{ actor: carol.id, person: bob.id, conversation, detail: { message: id } }])

  const thread = await makeThread(alice, bob)
  const theirs = await say(bob, thread, 'mine')
  await expect(remove(alice, thread, theirs)).rejects.toMatchObject({ code: 'forbidden' })

  const channel = await makeConversation(server, alice, 'channel')
  const said = await say(alice, channel, 'in the channel')
  await expect(remove(bob, channel, said)).rejects.toMatchObject({ code: 'not_found' })
  await remove(server.admin, channel, said)
})

test('who came later can neither see nor change what was said before', async () => {
  const { server, alice, bob, carol, say, change, remove } = await scene()
  const conversation = await makeConversation(server, alice, 'group')
  const id = await say(alice, conversation, 'before you came')
  await alice.call('members.add', { conversation, people: [bob.id, carol.id] })
  await alice.call('members.setRole', { conversation, person: bob.id, role: 'moderator' })
  await expect(remove(bob, conversation, id)).rejects.toMatchObject({ code: 'not_found' })
  await change(alice, conversation, id, 'before you came, edited')
  const { spans, about } = await carol.call('messages.pull', { spans: [{ conversation, from: 1, to: 3 }] })
  expect([spans, about]).toEqual([[], []])
})

test('an edit and a deletion that come together leave no text behind', async () => {
  const { alice, bob, say, change, remove } = await scene()
  const conversation = await makeThread(alice, bob)
  for (let round = 0; round < 8; round++) {
    const id = await say(alice, conversation, 'the canary')
    const results = await Promise.allSettled([
      change(alice, conversation, id, 'the canary sings'),
      remove(alice, conversation, id),
      change(alice, conversation, id, 'the canary dances'),
    ])
    expect(results[1]?.status).toBe('fulfilled')
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' })
  }
  const page = await bob.call('messages.page', { conversation, limit: 200 })
  expect(page.entries.filter((entry) => entry.kind === 'deleted')).toHaveLength(8)
  expect(JSON.stringify(page)).not.toContain('canary')
})
