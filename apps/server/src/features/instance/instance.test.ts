import { expect, test } from 'vitest'
import { password, startTestServer } from '../../testing/server.ts'

const device = { device: 'test', keep: 'token', password } as const

test('the setup link makes one owner, once', async () => {
  const server = await startTestServer()
  expect(await server.anonymous.call('instance.get', {})).toEqual({ name: 'Test', ready: true, openSignUp: false })
  expect(server.admin.signedIn.person.role).toBe('owner')
  const again = { setup: 'x'.repeat(32), instance: 'Mine', name: 'mallory', displayName: 'M', ...device }
  await expect(server.anonymous.call('instance.setUp', again)).rejects.toMatchObject({ code: 'link_expired' })
})

test('an invitation admits as many as it says, with the role it says, until it is ended', async () => {
  const server = await startTestServer()
  const { invitation, token } = await server.admin.call('invitations.create', {
    role: 'admin',
    uses: 2,
    expiresInHours: 1,
  })
  expect(await server.anonymous.call('invitations.preview', { invitation: token })).toEqual({
    instance: 'Test',
    invitedBy: 'Rita',
    role: 'admin',
  })
  const signUp = (name: string) =>
    server.anonymous.call('people.signUp', { name, displayName: name, invitation: token, ...device })

  // Five come at once for two seats.
  const results = await Promise.allSettled(['aa', 'bb', 'cc', 'dd', 'ee'].map(signUp))
  const admitted = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.person] : []))
  expect(admitted.map((person) => person.role)).toEqual(['admin', 'admin'])
  for (const result of results)
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'link_expired' })
  await expect(server.anonymous.call('invitations.preview', { invitation: token })).rejects.toMatchObject({
    code: 'link_expired',
  })

  const second = await server.admin.call('invitations.create', { role: 'member', uses: 9, expiresInHours: 1 })
  expect((await server.admin.call('invitations.list', {})).invitations.map((one) => one.id)).toEqual([
    second.invitation.id,
  ])
  await server.admin.call('invitations.revoke', { invitation: second.invitation.id })
  await expect(server.admin.call('invitations.revoke', { invitation: second.invitation.id })).rejects.toMatchObject({
    code: 'not_found',
  })
  await expect(
    server.anonymous.call('people.signUp', { name: 'late', displayName: 'L', invitation: second.token, ...device }),
  ).rejects.toMatchObject({ code: 'link_expired' })
  expect(invitation.usesLeft).toBe(2)
})

test('a name that is taken costs no use of an invitation', async () => {
  const server = await startTestServer()
  await server.person('alice')
  const { token } = await server.admin.call('invitations.create', { role: 'member', uses: 1, expiresInHours: 1 })
  const signUp = (name: string) =>
    server.anonymous.call('people.signUp', { name, displayName: 'X', invitation: token, ...device })
  await expect(signUp('alice')).rejects.toMatchObject({ code: 'name_taken' })
  await expect(signUp('alice2')).resolves.toBeDefined()
})

test('sign-up without an invitation works only where it is switched on', async () => {
  const server = await startTestServer()
  const signUp = (name: string) => server.anonymous.call('people.signUp', { name, displayName: 'X', ...device })
  await expect(signUp('early')).rejects.toMatchObject({ code: 'forbidden' })
  await server.admin.call('instance.update', { openSignUp: true, name: 'Open house' })
  expect(await server.anonymous.call('instance.get', {})).toEqual({ name: 'Open house', ready: true, openSignUp: true })
  expect((await signUp('guest')).person.role).toBe('member')
})
