import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConversationId, Details } from '@sotto/protocol'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { clientId, makeConversation, makeThread, startTestServer, type TestPerson } from '../../testing/server.ts'

const red = await sharp({ create: { width: 900, height: 600, channels: 3, background: 'red' } })
  .withExif({ IFD0: { Make: 'Canary' } })
  .jpeg()
  .toBuffer()
const blue = await sharp({ create: { width: 60, height: 90, channels: 3, background: 'blue' } })
  .png()
  .toBuffer()

async function scene() {
  const server = await startTestServer()
  const [alice, bob, carol] = [await server.person('alice'), await server.person('bob'), await server.person('carol')]
  const ask = (person: TestPerson, of: ConversationId, init: RequestInit = {}) =>
    fetch(`${server.url}/api/v1/conversations/${of}/picture`, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${person.signedIn.accessToken}` },
    })
  const put = (person: TestPerson, of: ConversationId, bytes: Buffer) =>
    ask(person, of, { method: 'PUT', body: new Uint8Array(bytes), headers: { 'content-type': 'image/png' } })
  const status = async (person: TestPerson, of: ConversationId) => (await ask(person, of)).status
  const kept = async () => {
    const names = await readdir(join(server.dataFolder, 'blobs')).catch(() => [])
    return names.filter((name) => name.startsWith('conversation-'))
  }
  return { server, alice, bob, carol, ask, put, status, kept }
}

test('a group has a picture that its members see, and each is told when it changes', async () => {
  const { alice, bob, carol, ask, put, status, kept, server } = await scene()
  const conversation = await makeConversation(server, alice, 'group')
  await alice.call('members.add', { conversation, people: [bob.id] })
  expect(await status(bob, conversation)).toBe(404)
  const bobs = await bob.connect()
  const answer = await put(alice, conversation, red)
  expect(answer.status).toBe(200)
  const { picture } = (await answer.json()) as Details
  expect((await bobs.next('entry')).entry).toMatchObject({
    kind: 'changed',
    sender: alice.id,
    body: { details: { picture }, fields: ['picture'] },
  })
  expect((await bob.call('conversations.get', { conversation })).head.details.picture).toBe(picture)
  const shown = await ask(bob, conversation)
  const bytes = Buffer.from(await shown.arrayBuffer())
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 256, height: 256 })
  expect(bytes.includes('Canary')).toBe(false)
  expect(shown.headers.get('content-security-policy')).toContain('sandbox')
  expect(await status(carol, conversation)).toBe(404)
  expect(await status(server.admin, conversation)).toBe(404)

  // Another takes its place, and the one before is not kept.
  await put(bob, conversation, blue)
  await expect.poll(kept).toHaveLength(1)
  await bob.call('conversations.removePicture', { conversation })
  await expect.poll(kept).toEqual([])
  expect(await status(bob, conversation)).toBe(404)
  expect((await alice.call('conversations.get', { conversation })).head.details.picture).toBeNull()
  const { records } = await server.admin.call('audit.list', { action: 'conversation.changed' })
  expect(records.map((record) => record.detail)).toMatchObject([
    { change: { picture: null } },
    { change: { picture: expect.any(String) } },
    { change: { picture } },
  ])

  // Who was taken out sees it no more, from no cache either: each look is asked for anew.
  await put(alice, conversation, red)
  const before = await ask(bob, conversation)
  expect(before.status).toBe(200)
  expect(before.headers.get('cache-control')).toBe('private, no-cache')
  expect(before.headers.get('vary')).toContain('Authorization')
  const held = { headers: { 'if-none-match': before.headers.get('etag') ?? '', 'cache-control': 'no-cache' } }
  expect((await ask(bob, conversation, held)).status).toBe(304)
  await alice.call('members.remove', { conversation, person: bob.id })
  expect(await status(bob, conversation)).toBe(404)
  expect((await ask(bob, conversation, held)).status).toBe(404)
})

test('only who may change a conversation gives it a picture, and a thread has none', async () => {
  const { alice, bob, carol, put, status, server } = await scene()
  const conversation = await makeConversation(server, alice, 'channel')
  await alice.call('members.add', { conversation, people: [bob.id] })
  expect((await put(bob, conversation, red)).status).toBe(403)
  expect((await put(carol, conversation, red)).status).toBe(404)
  expect((await put(carol, '../people' as ConversationId, red)).status).toBe(404)
  await expect(bob.call('conversations.removePicture', { conversation })).rejects.toMatchObject({ code: 'forbidden' })
  await expect(carol.call('conversations.removePicture', { conversation })).rejects.toMatchObject({ code: 'not_found' })
  expect((await put(alice, conversation, Buffer.from('not a picture'))).status).toBe(400)
  const change = { picture: 'made-up' } as never
  await expect(alice.call('conversations.change', { conversation, change })).rejects.toMatchObject({
    code: 'invalid_input',
  })
  expect(await status(alice, conversation)).toBe(404)
  expect((await put(alice, conversation, red)).status).toBe(200)
  expect((await put(alice, await makeThread(alice, bob), red)).status).toBe(400)
})

test('of a listed channel everybody sees it who may look at the channel, of another its members alone', async () => {
  const { alice, bob, server, put, status, kept } = await scene()
  const name = 'chess'
  const { card } = await server.admin.call('channels.create', { clientId: clientId(), name, listed: true })
  const { conversation } = card
  await put(server.admin, conversation, red)
  expect(await status(bob, conversation)).toBe(200)
  const { channels } = await bob.call('channels.list', {})
  expect(channels[0]?.details.picture).toEqual(expect.any(String))
  await server.admin.call('people.setRole', { person: bob.id, role: 'guest' })
  expect(await status(bob, conversation)).toBe(404)
  await server.admin.call('conversations.change', { conversation, change: { listed: false } })
  expect(await status(alice, conversation)).toBe(404)
  // Whoever looks after every channel is not in it any more, and sees and changes it all the same.
  await server.admin.call('members.add', { conversation, people: [alice.id] })
  await server.admin.call('members.setRole', { conversation, person: alice.id, role: 'owner' })
  await server.admin.call('members.leave', { conversation })
  expect(await status(server.admin, conversation)).toBe(200)
  expect((await put(server.admin, conversation, blue)).status).toBe(200)
  expect(await status(alice, conversation)).toBe(200)
  await expect.poll(kept).toHaveLength(1)
  await server.admin.call('channels.delete', { conversation, name })
  await expect.poll(kept).toEqual([])
})
