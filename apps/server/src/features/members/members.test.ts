import { expect, test } from 'vitest'
import { clientId, makeConversation, makeThread, startTestServer } from '../../testing/server.ts'

async function threePeople() {
  const server = await startTestServer()
  const [alice, bob, carol] = [await server.person('alice'), await server.person('bob'), await server.person('carol')]
  return { server, alice, bob, carol }
}

test('a group is made with its people, named, talked in, left and refilled', async () => {
  const { alice, bob, carol } = await threePeople()
  const bobs = await bob.connect()
  const { card } = await alice.call('groups.create', { clientId: clientId(), name: ' Choir ', people: [bob.id] })
  const { conversation } = card
  expect(card).toMatchObject({ kind: 'group', role: 'owner', policy: 'managed', with: null })
  const shown = await bobs.next('board', ({ rows }) => rows[0]?.key === `conversation/${conversation}`)
  expect(shown.rows[0]?.value).toMatchObject({ conversation, role: 'member' })

  await bobs.call('messages.send', { conversation, clientId: clientId(), text: 'la' })
  const { head } = await alice.call('conversations.get', { conversation })
  expect(head).toMatchObject({ members: 2, details: { name: 'Choir', topic: '' }, head: 3, floor: 1 })

  await alice.call('conversations.change', { conversation, change: { name: 'Chorus', topic: '' } })
  const changed = await bobs.next('entry', ({ entry }) => entry.kind === 'changed')
  expect(changed.entry.body).toMatchObject({ details: { name: 'Chorus' }, fields: ['name'] })

  await alice.call('members.add', { conversation, people: [carol.id] })
  // Who comes later reads from there on.
  const { entries, floor } = await carol.call('messages.page', { conversation })
  expect(floor).toBe(5)
  expect(entries.map((entry) => entry.kind)).toEqual(['joined'])
  const { members, count } = await carol.call('members.list', { conversation })
  expect(count).toBe(3)
  expect(members.map(({ name, role }) => [name, role])).toEqual([
    ['alice', 'owner'],
    ['bob', 'member'],
    ['carol', 'member'],
  ])
  await bob.call('members.leave', { conversation })
  await expect(bob.call('messages.page', { conversation })).rejects.toMatchObject({ code: 'not_found' })
  expect((await carol.call('members.list', { conversation })).count).toBe(2)
})

test('a removed person keeps nothing: no page, no cursor, no open socket, no link', async () => {
  const { server, alice, bob } = await threePeople()
  const conversation = await makeConversation(server, alice, 'group')
  const { invitation } = await alice.call('members.invite', { conversation, uses: 5, expiresInHours: 1 })
  await bob.call('members.join', { conversation, invitation })
  const bobs = await bob.connect()
  await alice.call('messages.send', { conversation, clientId: clientId(), text: 'while in' })
  await bobs.next('entry', ({ entry }) => entry.kind === 'message')
  await bobs.call('drafts.set', { conversation, text: 'not sent yet' })

  await alice.call('members.remove', { conversation, person: bob.id })
  const gone = await bobs.next('board', ({ rows }) => rows[0]?.key === `conversation/${conversation}`)
  expect(gone.rows[0]?.value).toBeNull()
  const { rows } = await bob.call('board.pull', { after: 0 })
  expect(rows.filter(({ key, value }) => key.endsWith(conversation) && value !== null)).toEqual([])
  await alice.call('messages.send', { conversation, clientId: clientId(), text: 'when out' })
  for (const refused of [
    () => bobs.call('messages.page', { conversation }),
    () => bobs.call('messages.send', { conversation, clientId: clientId(), text: 'still here?' }),
    () => bobs.call('receipts.read', { conversation, place: 1 }),
    () => bobs.call('typing.set', { conversation, active: true }),
    () => bobs.call('members.list', { conversation }),
  ])
    await expect(refused()).rejects.toMatchObject({ code: 'not_found' })
  const pulled = await bobs.call('messages.pull', { spans: [{ conversation, from: 1, to: 99 }] })
  expect(pulled).toEqual({ spans: [], about: [] })
  // The link that let them in once lets others in, but not them again.
  await expect(bobs.call('members.join', { conversation, invitation })).rejects.toMatchObject({ code: 'link_expired' })
  await bobs.call('people.me', {})
  expect(JSON.stringify(bobs.pushed)).not.toContain('when out')
  expect((await bobs.ask({ type: 'ping' })).ack).toMatchObject({ heads: [] })
})

test('who is taken out in the middle of sending has said what came before, and nothing after it', async () => {
  const { alice, bob, carol } = await threePeople()
  const { card } = await alice.call('groups.create', {
    clientId: clientId(),
    name: 'Choir',
    people: [bob.id, carol.id],
  })
  const { conversation } = card
  const [bobs, carols] = [await bob.connect(), await carol.connect()]
  const texts = Array.from({ length: 40 }, (_, index) => `line ${index}`)
  const say = (text: string): Promise<string | { code: string }> =>
    bobs.call('messages.send', { conversation, clientId: clientId(), text }).then(
      () => text,
      (error) => error,
    )
  // The first are through when the removal begins, and the last begin when it is done.
  const sending = texts.slice(0, 10).map(say)
  await sending[0]
  const removing = alice.call('members.remove', { conversation, person: bob.id })
  sending.push(...texts.slice(10, 30).map(say))
  await removing
  sending.push(...texts.slice(30).map(say))
  const results = await Promise.all(sending)
  const said = results.filter((result) => typeof result === 'string')
  for (const result of results) if (typeof result !== 'string') expect(result).toMatchObject({ code: 'not_found' })
  expect(said.length).toBeGreaterThan(0)
  expect(said.length).toBeLessThanOrEqual(30)
  const { entries } = await carol.call('messages.page', { conversation, limit: 100 })
  const out = entries.findIndex((entry) => entry.kind === 'left')
  expect(entries.slice(out + 1)).toEqual([])
  // What was acknowledged is there, and nothing else.
  const kept = entries.flatMap((entry) => (entry.kind === 'message' ? [entry.body.text] : []))
  expect(kept.sort()).toEqual([...said].sort())
  await carols.next('entry', ({ entry }) => entry.kind === 'left')
  await alice.call('messages.send', { conversation, clientId: clientId(), text: 'without him' })
  await carols.next('entry', ({ entry }) => entry.kind === 'message' && entry.sender === alice.id)
  expect(JSON.stringify(bobs.pushed)).not.toContain('without him')
})

test('a link is for so many people, and worth nothing once its maker is out', async () => {
  const { server, alice, bob, carol } = await threePeople()
  const dave = await server.person('dave')
  const conversation = await makeConversation(server, alice, 'group')
  const once = await alice.call('members.invite', { conversation, uses: 1, expiresInHours: 1 })
  const both = await Promise.allSettled(
    [bob, carol].map((person) => person.call('members.join', { conversation, invitation: once.invitation })),
  )
  expect(both.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected'])
  const inside = both[0]?.status === 'fulfilled' ? bob : carol
  const his = await inside.call('members.invite', { conversation, uses: 9, expiresInHours: 1 })
  await alice.call('members.remove', { conversation, person: inside.id })
  await expect(dave.call('members.join', { conversation, invitation: his.invitation })).rejects.toMatchObject({
    code: 'link_expired',
  })
})

test('a link of somebody who is suspended lets nobody in for as long', async () => {
  const { server, alice, bob } = await threePeople()
  const conversation = await makeConversation(server, alice, 'group')
  const { invitation } = await alice.call('members.invite', { conversation, uses: 1, expiresInHours: 1 })
  await server.admin.call('people.suspend', { person: alice.id, until: null, reason: '' })
  const join = () => bob.call('members.join', { conversation, invitation })
  await expect(join()).rejects.toMatchObject({ code: 'link_expired' })
  await server.admin.call('people.restore', { person: alice.id })
  await join()
})

test('there is always an owner, and nobody acts on an equal', async () => {
  const { server, alice, bob, carol } = await threePeople()
  const conversation = await makeConversation(server, alice, 'group')
  await alice.call('members.add', { conversation, people: [bob.id, carol.id] })
  await expect(alice.call('members.leave', { conversation })).rejects.toMatchObject({ code: 'conflict' })
  await expect(alice.call('members.setRole', { conversation, person: alice.id, role: 'member' })).rejects.toMatchObject(
    { code: 'conflict' },
  )
  await expect(bob.call('members.remove', { conversation, person: carol.id })).rejects.toMatchObject({
    code: 'forbidden',
  })
  for (const person of [bob.id, carol.id])
    await alice.call('members.setRole', { conversation, person, role: 'moderator' })
  await expect(bob.call('members.remove', { conversation, person: carol.id })).rejects.toMatchObject({
    code: 'forbidden',
  })
  await alice.call('members.setRole', { conversation, person: bob.id, role: 'owner' })
  // Both owners leave at the same moment: one of them stays.
  const left = await Promise.allSettled([alice, bob].map((owner) => owner.call('members.leave', { conversation })))
  expect(left.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected'])
  // The last member of all may go.
  const alone = await makeConversation(server, alice, 'group')
  await alice.call('members.leave', { conversation: alone })
})

test('who may write is what the conversation says at that moment: roles, silence, slow mode, closing', async () => {
  const { server, alice, bob } = await threePeople()
  const conversation = await makeConversation(server, alice, 'group')
  await alice.call('members.add', { conversation, people: [bob.id] })
  const say = () => bob.call('messages.send', { conversation, clientId: clientId(), text: 'hello' })
  const refusal = (code: string, about: string) => ({ code, body: { error: { code, about } } })

  await say()
  await alice.call('members.setRole', { conversation, person: bob.id, role: 'reader' })
  await expect(say()).rejects.toMatchObject(refusal('forbidden', 'post'))
  await alice.call('members.setRole', { conversation, person: bob.id, role: 'member' })
  await alice.call('members.silence', { conversation, person: bob.id, minutes: 10 })
  await expect(say()).rejects.toMatchObject(refusal('forbidden', 'silenced'))
  for (const change of [{ name: 'shouted' }, { topic: 'shouted' }])
    await expect(bob.call('conversations.change', { conversation, change })).rejects.toMatchObject(
      refusal('forbidden', 'silenced'),
    )
  await alice.call('members.silence', { conversation, person: bob.id, minutes: 0 })
  await say()
  await bob.call('conversations.change', { conversation, change: { topic: 'said' } })

  await expect(bob.call('conversations.change', { conversation, change: { slowSeconds: 3600 } })).rejects.toMatchObject(
    refusal('forbidden', 'moderate'),
  )
  await alice.call('conversations.change', { conversation, change: { slowSeconds: 3600 } })
  const id = clientId()
  const first = await bob.call('messages.send', { conversation, clientId: id, text: 'one' })
  await expect(say()).rejects.toMatchObject(refusal('too_many_requests', 'slow'))
  // A retry of the one that went through is no second message.
  expect(await bob.call('messages.send', { conversation, clientId: id, text: 'one' })).toEqual(first)
  const bursts = await Promise.allSettled(
    [1, 2, 3].map(() =>
      alice.call('messages.send', { conversation, clientId: clientId(), text: 'owners do not wait' }),
    ),
  )
  expect(bursts.every((result) => result.status === 'fulfilled')).toBe(true)

  await alice.call('conversations.change', { conversation, change: { slowSeconds: 0, closed: true } })
  await expect(say()).rejects.toMatchObject(refusal('forbidden', 'closed'))
  expect((await bob.call('messages.page', { conversation })).entries.length).toBeGreaterThan(3)
  await expect(bob.call('conversations.change', { conversation, change: { closed: false } })).rejects.toMatchObject({
    code: 'forbidden',
  })
})

test('a thread stays of two', async () => {
  const { alice, bob, carol } = await threePeople()
  const conversation = await makeThread(alice, bob)
  for (const refused of [
    () => alice.call('members.add', { conversation, people: [carol.id] }),
    () => alice.call('members.remove', { conversation, person: bob.id }),
    () => alice.call('members.leave', { conversation }),
    () => alice.call('members.invite', { conversation, uses: 1, expiresInHours: 1 }),
    () => alice.call('conversations.change', { conversation, change: { name: 'Us' } }),
  ])
    await expect(refused()).rejects.toMatchObject({ code: 'invalid_input' })
})

test('whoever manages every channel does not take out its last owner either', async () => {
  const { server, alice, bob } = await threePeople()
  const conversation = await makeConversation(server, alice, 'channel')
  await alice.call('members.add', { conversation, people: [bob.id] })
  const remove = () => server.admin.call('members.remove', { conversation, person: alice.id })
  await expect(remove()).rejects.toMatchObject({ code: 'conflict' })
  await server.admin.call('members.setRole', { conversation, person: bob.id, role: 'owner' })
  await remove()
})

test('a client id that was used for something else makes nothing and finds nothing', async () => {
  const { server, alice, bob } = await threePeople()
  const id = clientId()
  await alice.write(bob, 'a message', id)
  const { card } = await server.admin.call('channels.create', { clientId: id, name: 'Hers', listed: true })
  const conflict = { code: 'conflict' }
  await expect(alice.call('groups.create', { clientId: id, name: 'Group', people: [] })).rejects.toMatchObject(conflict)
  await expect(alice.call('threads.open', { clientId: id })).rejects.toMatchObject(conflict)
  await expect(server.admin.call('groups.create', { clientId: id, name: 'Group', people: [] })).rejects.toMatchObject(
    conflict,
  )
  const again = { clientId: id, name: 'Hers', listed: true }
  expect((await server.admin.call('channels.create', again)).card.conversation).toBe(card.conversation)
})
