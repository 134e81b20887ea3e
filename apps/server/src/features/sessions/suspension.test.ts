import { closeCodes } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import { password, startTestServer, type TestPerson, type TestServer } from '../../testing/server.ts'

const refusal = (code: string, about: string) => ({ body: { error: { code, about } } })
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString()

function signIn(server: TestServer, person: TestPerson, secret = password) {
  const { name } = person.signedIn.person
  return server.anonymous.call('sessions.signIn', { name, password: secret, device: 'x', keep: 'token' })
}

/** As if the time had come. */
async function letTimePass(server: TestServer, person: TestPerson) {
  await server.platform.db.executeQuery({
    sql: `update people set suspended_until = now() - interval '1 second' where id = $1`,
    parameters: [person.id],
    query: { kind: 'RawNode' },
  } as never)
}

test('a suspension ends every session at once, lets none begin, and is over by itself', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const socket = await alice.connect()
  const second = await signIn(server, alice)
  await server.admin.call('people.suspend', { person: alice.id, until: inAnHour(), reason: 'shouting' })
  expect((await socket.closed).code).toBe(closeCodes.signed_out.code)
  await expect(alice.call('people.me', {})).rejects.toMatchObject({ code: 'unauthenticated' })
  const refreshToken = second.refreshToken as string
  await expect(server.anonymous.call('sessions.refresh', { refreshToken })).rejects.toMatchObject({
    code: 'unauthenticated',
  })
  await expect(signIn(server, alice)).rejects.toMatchObject(refusal('forbidden', 'suspended'))
  // Only who knows the password learns of it.
  await expect(signIn(server, alice, 'a wrong password')).rejects.toMatchObject({ code: 'wrong_credentials' })
  expect(JSON.stringify(await bob.call('people.list', {}))).not.toContain('suspend')
  await expect(bob.call('people.admin', {})).rejects.toMatchObject({ code: 'forbidden' })
  const { people } = await server.admin.call('people.admin', { prefix: 'ali' })
  expect(people).toMatchObject([{ person: { id: alice.id }, suspended: { reason: 'shouting' } }])

  await letTimePass(server, alice)
  expect((await server.admin.call('people.admin', { prefix: 'ali' })).people[0]?.suspended).toBe(null)
  await signIn(server, alice)
})

test('a suspension for good lasts until it is lifted', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  await server.admin.call('people.suspend', { person: alice.id, until: null, reason: '' })
  await expect(signIn(server, alice)).rejects.toMatchObject(refusal('forbidden', 'suspended'))
  await server.admin.call('people.restore', { person: alice.id })
  await signIn(server, alice)
  const { records } = await server.admin.call('audit.list', { person: alice.id })
  expect(records.map((record) => record.action)).toEqual(
    expect.arrayContaining(['person.suspended', 'person.restored', 'session.ended']),
  )
})

test('nobody suspends themselves, somebody who may do more, or the last owner', async () => {
  const server = await startTestServer()
  const [helper, boss, admin] = [
    await server.person('helper'),
    await server.person('boss'),
    await server.person('adam'),
  ]
  await server.admin.call('roles.create', { role: 'helper', name: 'Helper', permissions: ['people.manage'] })
  const suspend = (by: TestPerson, person: TestPerson) =>
    by.call('people.suspend', { person: person.id, until: null, reason: '' })
  await server.admin.call('people.setRole', { person: helper.id, role: 'helper' })
  await server.admin.call('people.setRole', { person: admin.id, role: 'admin' })
  await expect(suspend(helper, admin)).rejects.toMatchObject(refusal('forbidden', 'permissions'))
  await expect(suspend(admin, server.admin)).rejects.toMatchObject(refusal('forbidden', 'permissions'))
  await expect(suspend(server.admin, server.admin)).rejects.toMatchObject({ code: 'invalid_input' })
  await expect(helper.call('people.resetPassword', { person: admin.id })).rejects.toMatchObject({ code: 'forbidden' })
  await suspend(admin, helper)
  await server.admin.call('people.setRole', { person: boss.id, role: 'owner' })
  await suspend(boss, server.admin)
  await expect(suspend(boss, boss)).rejects.toMatchObject({ code: 'invalid_input' })
  await expect(
    admin.call('people.suspend', { person: admin.id, until: '2020-01-01T00:00:00.000Z', reason: '' }),
  ).rejects.toMatchObject({ code: 'invalid_input' })
})

test('two owners who suspend each other at the same moment do not leave the instance without one', async () => {
  const server = await startTestServer()
  const boss = await server.person('boss')
  await server.admin.call('people.setRole', { person: boss.id, role: 'owner' })
  const results = await Promise.allSettled([
    boss.call('people.suspend', { person: server.admin.id, until: null, reason: '' }),
    server.admin.call('people.suspend', { person: boss.id, until: null, reason: '' }),
  ])
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
})

test('a password is reset with a link that works once, and the old one is void', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  const socket = await alice.connect()
  const first = await server.admin.call('people.resetPassword', { person: alice.id })
  const { token } = await server.admin.call('people.resetPassword', { person: alice.id })
  await socket.closed
  await expect(signIn(server, alice)).rejects.toMatchObject({ code: 'wrong_credentials' })
  const set = (secret: string, by = token) =>
    server.anonymous.call('people.setPassword', { token: by, password: secret })
  // A later reset takes the place of an earlier one.
  await expect(set('another good one', first.token)).rejects.toMatchObject({ code: 'link_expired' })
  await expect(set('short')).rejects.toMatchObject({ code: 'invalid_input' })
  await set('another good one')
  await expect(set('and another one')).rejects.toMatchObject({ code: 'link_expired' })
  await signIn(server, alice, 'another good one')
  await expect(signIn(server, alice)).rejects.toMatchObject({ code: 'wrong_credentials' })
  const { records } = await server.admin.call('audit.list', { person: alice.id })
  expect(records.map((record) => record.action)).toEqual(expect.arrayContaining(['password.reset', 'password.changed']))
  expect(JSON.stringify(records)).not.toContain(token)
})
