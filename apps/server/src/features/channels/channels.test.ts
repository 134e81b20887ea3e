import type { DetailsChange } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { clientId, startTestServer } from '../../testing/server.ts'

async function withChannel(extra: { listed?: boolean; announcement?: boolean } = {}) {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const wanted = { clientId: clientId(), name: 'Chess', topic: 'Openings and endings', category: 'Clubs', listed: true }
  const { card } = await server.admin.call('channels.create', { ...wanted, ...extra })
  return { server, alice, bob, conversation: card.conversation, wanted }
}

test('a listed channel is found, previewed, joined and left', async () => {
  const { server, alice, conversation } = await withChannel()
  await server.admin.call('messages.send', { conversation, clientId: clientId(), text: 'e4' })
  const { channels } = await alice.call('channels.list', { find: 'ENDING' })
  expect(channels).toMatchObject([
    { conversation, members: 1, entries: 2, joined: false, details: { name: 'Chess', category: 'Clubs' } },
  ])
  expect((await alice.call('channels.list', { find: 'draughts' })).channels).toEqual([])

  const { entries } = await alice.call('channels.preview', { conversation })
  expect(entries.map((entry) => entry.kind)).toEqual(['created', 'message'])
  await expect(alice.call('messages.page', { conversation })).rejects.toMatchObject({ code: 'not_found' })
  expect((await alice.call('channels.join', { conversation })).card).toMatchObject({ kind: 'channel', role: 'member' })
  // History is for all, from the beginning.
  expect((await alice.call('messages.page', { conversation })).entries).toHaveLength(3)
  expect((await alice.call('channels.list', {})).channels).toMatchObject([{ joined: true, members: 2 }])
  await alice.call('members.leave', { conversation })
  await expect(alice.call('messages.page', { conversation })).rejects.toMatchObject({ code: 'not_found' })
})

test('a channel by invitation looks like none to those outside', async () => {
  const { server, alice, bob, conversation } = await withChannel({ listed: false })
  expect((await alice.call('channels.list', {})).channels).toEqual([])
  for (const command of ['channels.preview', 'channels.join'] as const)
    await expect(alice.call(command, { conversation })).rejects.toMatchObject({ code: 'not_found' })
  await server.admin.call('members.add', { conversation, people: [bob.id] })
  expect((await bob.call('channels.list', {})).channels).toHaveLength(1)
})

test('in an announcement channel few write and all read', async () => {
  const { server, alice, conversation } = await withChannel({ announcement: true })
  await alice.call('channels.join', { conversation })
  const say = () => alice.call('messages.send', { conversation, clientId: clientId(), text: 'me too' })
  await expect(say()).rejects.toMatchObject({ code: 'forbidden' })
  await server.admin.call('members.setRole', { conversation, person: alice.id, role: 'moderator' })
  await say()
})

test('no two channels have one name, and a retry makes no second one', async () => {
  const { server, conversation, wanted } = await withChannel()
  expect((await server.admin.call('channels.create', wanted)).card.conversation).toBe(conversation)
  const again = { ...wanted, name: 'CHESS', clientId: clientId() }
  await expect(server.admin.call('channels.create', again)).rejects.toMatchObject({ code: 'name_taken' })
  const both = await Promise.allSettled(
    [1, 2].map(() => server.admin.call('channels.create', { ...wanted, name: 'Go', clientId: clientId() })),
  )
  expect(both.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected'])
  await expect(
    server.admin.call('conversations.change', { conversation, change: { name: 'go' } }),
  ).rejects.toMatchObject({ code: 'name_taken' })
  await server.admin.call('conversations.change', { conversation, change: { name: 'chess' } })
})

test('members may not make or delete channels; deleting needs the name and takes everything', async () => {
  const { server, alice, conversation, wanted } = await withChannel()
  await expect(alice.call('channels.create', { ...wanted, name: 'Mine' })).rejects.toMatchObject({ code: 'forbidden' })
  await expect(alice.call('channels.delete', { conversation, name: 'Chess' })).rejects.toMatchObject({
    code: 'forbidden',
  })
  await alice.call('channels.join', { conversation })
  const alices = await alice.connect()
  await expect(server.admin.call('channels.delete', { conversation, name: 'Ches' })).rejects.toMatchObject({
    code: 'conflict',
  })
  await server.admin.call('channels.delete', { conversation, name: 'Chess' })
  const gone = await alices.next('board')
  expect(gone.rows).toMatchObject([{ key: `conversation/${conversation}`, value: null }])
  await expect(alices.call('messages.page', { conversation })).rejects.toMatchObject({ code: 'not_found' })
  await expect(alices.call('channels.join', { conversation })).rejects.toMatchObject({ code: 'not_found' })
  expect((await alices.call('channels.list', {})).channels).toEqual([])
})

test('who looks after channels does so without being in them, and without reading them', async () => {
  const { server, alice, bob } = await withChannel()
  await server.admin.call('roles.create', { role: 'keeper', name: 'Keeper', permissions: ['channels.manage'] })
  const wanted = { clientId: clientId(), name: 'Back room', listed: false }
  const { conversation } = (await server.admin.call('channels.create', wanted)).card
  await server.admin.call('members.add', { conversation, people: [alice.id] })
  await server.admin.call('messages.send', { conversation, clientId: clientId(), text: 'the canary' })
  expect((await bob.call('channels.list', {})).channels.map(({ details }) => details.name)).toEqual(['Chess'])
  await server.admin.call('people.setRole', { person: bob.id, role: 'keeper' })

  const named = (await bob.call('channels.list', {})).channels.map(({ details }) => details.name)
  expect(named).toEqual(['Back room', 'Chess'])
  const socket = await bob.connect()
  const change = (what: DetailsChange) => socket.call('conversations.change', { conversation, change: what })
  const { details } = await change({ name: 'Front room', topic: 'For all' })
  await change({ rights: { ...details.rights, post: 'moderator' }, slowSeconds: 10, history: 'joined' })
  await change({ closed: true })
  expect((await alice.call('conversations.get', { conversation })).head.details).toMatchObject({
    name: 'Front room',
    topic: 'For all',
    closed: true,
    rights: { post: 'moderator' },
  })
  expect((await socket.call('members.list', { conversation })).members.map(({ name }) => name)).toEqual([
    'alice',
    'rita',
  ])
  for (const attempt of [
    () => socket.call('messages.page', { conversation }),
    () => socket.call('messages.pins', { conversation }),
    () => socket.call('conversations.get', { conversation }),
    () => socket.call('messages.send', { conversation, clientId: clientId(), text: 'x' }),
  ])
    await expect(attempt()).rejects.toMatchObject({ code: 'not_found' })
  await expect(bob.call('channels.preview', { conversation })).rejects.toMatchObject({ code: 'forbidden' })
  expect(await bob.call('messages.pull', { spans: [{ conversation, from: 1, to: 9 }] })).toEqual({
    spans: [],
    about: [],
  })
  await bob.call('channels.delete', { conversation, name: 'Front room' })
  await expect(alice.call('conversations.get', { conversation })).rejects.toMatchObject({ code: 'not_found' })
  expect(JSON.stringify(socket.pushed)).not.toContain('canary')
})

test('joining while the channel is being deleted ends in or out, never half way', async () => {
  const { server, wanted } = await withChannel()
  const people = await Promise.all(['p1', 'p2', 'p3', 'p4'].map((name) => server.person(name)))
  for (let round = 0; round < 5; round++) {
    const name = `Short-lived ${round}`
    const { card } = await server.admin.call('channels.create', { ...wanted, name, clientId: clientId() })
    const { conversation } = card
    const joins = people.map((person) => person.call('channels.join', { conversation }))
    const deletion = server.admin.call('channels.delete', { conversation, name })
    for (const result of await Promise.allSettled(joins))
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'not_found' })
    await deletion
    for (const person of people) {
      const { rows } = await person.call('board.pull', { after: 0 })
      expect(rows.find((row) => row.key === `conversation/${conversation}`)?.value ?? null).toBeNull()
      expect((await person.call('conversations.heads', {})).heads).toEqual([])
    }
  }
})
