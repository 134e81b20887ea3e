import { expect, test } from 'vitest'
import { clientId, makeConversation, startTestServer } from '../../testing/server.ts'

const banned = { code: 'forbidden', body: { error: { about: 'banned' } } }

test('who is banned comes back by no way, until the ban is lifted', async () => {
  const server = await startTestServer()
  const [alice, bob, carol] = [await server.person('alice'), await server.person('bob'), await server.person('carol')]
  const conversation = await makeConversation(server, alice, 'group')
  await alice.call('members.add', { conversation, people: [bob.id, carol.id] })
  const { invitation } = await alice.call('members.invite', { conversation, uses: 5, expiresInHours: 1 })
  await alice.call('members.remove', { conversation, person: bob.id, banMinutes: 30 })
  await expect(bob.call('members.join', { conversation, invitation })).rejects.toMatchObject(banned)
  await expect(alice.call('members.add', { conversation, people: [bob.id] })).rejects.toMatchObject(banned)
  await expect(carol.call('members.bans', { conversation })).rejects.toMatchObject({ code: 'forbidden' })
  const { bans } = await alice.call('members.bans', { conversation })
  expect(bans).toMatchObject([{ person: bob.id, name: 'bob', displayName: 'Bob' }])
  expect(Date.parse(bans[0]?.until ?? '')).toBeGreaterThan(Date.now() + 29 * 60_000)

  await expect(bob.call('members.unban', { conversation, person: bob.id })).rejects.toMatchObject({ code: 'not_found' })
  await alice.call('members.unban', { conversation, person: bob.id })
  await expect(alice.call('members.unban', { conversation, person: bob.id })).rejects.toMatchObject({
    code: 'not_found',
  })
  // The link was not used up by the attempts.
  await bob.call('members.join', { conversation, invitation })
})

test('a ban is over by itself, or never; a removal without one is none', async () => {
  const server = await startTestServer()
  const [bob, carol] = [await server.person('bob'), await server.person('carol')]
  const { card } = await server.admin.call('channels.create', { clientId: clientId(), name: 'Open', listed: true })
  const { conversation } = card
  for (const person of [bob, carol]) await person.call('channels.join', { conversation })
  await server.admin.call('members.remove', { conversation, person: carol.id })
  expect(await carol.call('channels.preview', { conversation })).toMatchObject({ channel: { conversation } })
  await carol.call('channels.join', { conversation })
  await server.admin.call('members.remove', { conversation, person: carol.id, banMinutes: 0 })
  await server.admin.call('members.remove', { conversation, person: bob.id, banMinutes: 5 })
  expect((await server.admin.call('members.bans', { conversation })).bans.map((ban) => ban.until !== null)).toEqual([
    true,
    false,
  ])
  for (const person of [bob, carol])
    for (const command of ['channels.join', 'channels.preview'] as const)
      await expect(person.call(command, { conversation })).rejects.toMatchObject(banned)
  await server.platform.db.executeQuery({
    sql: `update members set banned_until = banned_until - interval '6 minutes' where banned_until is not null`,
    parameters: [],
    query: { kind: 'RawNode' },
  } as never)
  await bob.call('channels.join', { conversation })
  await expect(carol.call('channels.join', { conversation })).rejects.toMatchObject(banned)
})
