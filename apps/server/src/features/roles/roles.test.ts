import { expect, test } from 'vitest'
import { clientId, startTestServer } from '../../testing/server.ts'

test('a role of one’s own permits what is in it, from the moment it is given and not after it is taken', async () => {
  const { admin, ...server } = await startTestServer()
  const alice = await server.person('alice')
  const socket = await alice.connect()
  const welcome = await socket.hello(alice.signedIn.accessToken)
  expect(welcome.permissions).toContain('groups.create')
  expect(welcome.permissions).not.toContain('audit.read')
  await expect(socket.call('audit.list', {})).rejects.toMatchObject({ code: 'forbidden' })

  await admin.call('roles.create', { role: 'auditor', name: ' Auditor ', permissions: ['audit.read'] })
  const { roles } = await admin.call('roles.list', {})
  expect(roles.find(({ id }) => id === 'auditor')).toEqual({
    id: 'auditor',
    name: 'Auditor',
    permissions: ['audit.read'],
    builtIn: false,
  })
  await admin.call('people.setRole', { person: alice.id, role: 'auditor' })
  expect((await socket.next('permissions')).permissions).toEqual(['audit.read'])
  await socket.call('audit.list', {})
  await expect(socket.call('groups.create', { clientId: clientId(), name: 'x', people: [] })).rejects.toMatchObject({
    code: 'forbidden',
  })

  await admin.call('roles.change', {
    role: 'auditor',
    name: 'Auditor',
    before: ['audit.read'],
    permissions: ['groups.create'],
  })
  expect((await socket.next('permissions')).permissions).toEqual(['groups.create'])
  await expect(socket.call('audit.list', {})).rejects.toMatchObject({ code: 'forbidden' })
  await socket.call('groups.create', { clientId: clientId(), name: 'x', people: [] })
})

test('of two who change a role at once, one is told', async () => {
  const { admin } = await startTestServer()
  await admin.call('roles.create', { role: 'helper', name: 'Helper', permissions: ['audit.read'] })
  const change = (permissions: ('people.invite' | 'groups.create')[]) =>
    admin.call('roles.change', { role: 'helper', name: 'Helper', before: ['audit.read'], permissions })
  const outcomes = await Promise.allSettled([change(['people.invite']), change(['groups.create'])])
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'conflict' } })
})

test('nobody hands out or takes more than they have, and what is in use or built in stays', async () => {
  const { admin, ...server } = await startTestServer()
  const [helper, alice] = [await server.person('helper'), await server.person('alice')]
  await admin.call('roles.create', {
    role: 'helper',
    name: 'Helper',
    permissions: ['roles.manage', 'people.manage', 'people.browse'],
  })
  await admin.call('people.setRole', { person: helper.id, role: 'helper' })
  const refused = { code: 'forbidden' }
  await expect(
    helper.call('roles.create', { role: 'more', name: 'More', permissions: ['instance.manage'] }),
  ).rejects.toMatchObject(refused)
  await expect(helper.call('people.setRole', { person: alice.id, role: 'admin' })).rejects.toMatchObject(refused)
  await expect(helper.call('people.setRole', { person: admin.id, role: 'guest' })).rejects.toMatchObject({
    code: 'conflict',
  })
  await expect(
    helper.call('roles.change', { role: 'member', name: 'x', before: [], permissions: [] }),
  ).rejects.toMatchObject(refused)
  await expect(admin.call('roles.delete', { role: 'helper' })).rejects.toMatchObject({ code: 'conflict' })
  await helper.call('roles.create', { role: 'less', name: 'Less', permissions: ['people.browse'] })
  await helper.call('roles.delete', { role: 'less' })
  await admin.call('people.setRole', { person: helper.id, role: 'member' })
  await admin.call('roles.delete', { role: 'helper' })
  expect((await admin.call('roles.list', {})).roles.every(({ builtIn }) => builtIn)).toBe(true)
})

test('two owners who step down at once leave one', async () => {
  const { admin, ...server } = await startTestServer()
  const alice = await server.person('alice')
  await admin.call('people.setRole', { person: alice.id, role: 'owner' })
  const outcomes = await Promise.allSettled([
    admin.call('people.setRole', { person: admin.id, role: 'member' }),
    alice.call('people.setRole', { person: alice.id, role: 'member' }),
  ])
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  const { people } = await admin.call('people.list', {})
  expect(people.filter(({ role }) => role === 'owner')).toHaveLength(1)
})

test('an invitation admits as long as whoever made it could make it', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const role = (person: { id: typeof alice.id }, role: string) =>
    server.admin.call('people.setRole', { person: person.id, role })
  await role(alice, 'admin')
  await role(bob, 'admin')
  const invite = async (maker: typeof alice, given: string) =>
    (await maker.call('invitations.create', { role: given, uses: 9, expiresInHours: 1 })).token
  const [admins, members] = [await invite(alice, 'admin'), await invite(bob, 'member')]
  let made = 0
  const signUp = (invitation: string) => {
    const name = `new${++made}`
    const device = { device: 'test', keep: 'token', password: 'correct horse battery' } as const
    return server.anonymous.call('people.signUp', { name, displayName: name, invitation, ...device })
  }
  const expired = { code: 'link_expired' }
  expect((await signUp(admins)).person.role).toBe('admin')
  await role(alice, 'member')
  await expect(signUp(admins)).rejects.toMatchObject(expired)
  await expect(server.anonymous.call('invitations.preview', { invitation: admins })).rejects.toMatchObject(expired)
  await signUp(members)
  await server.admin.call('people.suspend', { person: bob.id, until: null, reason: '' })
  await expect(signUp(members)).rejects.toMatchObject(expired)
  await server.admin.call('people.restore', { person: bob.id })
  await signUp(members)
})
