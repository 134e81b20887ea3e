import type { SessionId, SignedIn } from '@sotto/protocol'
import { SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { callRest, fetchRest, password, startTestServer } from '../../testing/server.ts'
import { openSocket } from '../../testing/socket.ts'

const device = { device: 'phone', keep: 'token' } as const

test('an unknown name and a wrong password get the same answer', async () => {
  const server = await startTestServer()
  await server.person('alice')
  const wrong = await fetchRest(server.url, 'sessions.signIn', { name: 'alice', password: 'wrong', ...device })
  const unknown = await fetchRest(server.url, 'sessions.signIn', { name: 'nobody', password: 'wrong', ...device })
  expect([wrong.status, wrong.body]).toEqual([unknown.status, unknown.body])
  expect(wrong).toMatchObject({ status: 401, body: { error: { code: 'wrong_credentials' } } })
  expect(await callRest(server.url, 'sessions.signIn', { name: ' Alice ', password, ...device })).toMatchObject({
    person: { name: 'alice' },
  })
})

test('a refresh token is good once; the same one again within moments gets the same successor', async () => {
  const server = await startTestServer()
  const { signedIn } = await server.person('alice')
  const refresh = (token: string | undefined) =>
    server.anonymous.call('sessions.refresh', { refreshToken: token as string })
  const results = await Promise.all(Array.from({ length: 20 }, () => refresh(signedIn.refreshToken)))
  const successors = new Set(results.map((result) => result.refreshToken))
  expect(successors.size).toBe(1)
  const [successor] = [...successors]
  expect((await refresh(successor)).refreshToken).not.toBe(successor)
})

test('an older refresh token ends the whole session', async () => {
  const server = await startTestServer()
  const { signedIn } = await server.person('alice')
  const refresh = (token: string | undefined) =>
    server.anonymous.call('sessions.refresh', { refreshToken: token as string })
  const second = await refresh(signedIn.refreshToken)
  const third = await refresh(second.refreshToken)
  await expect(refresh(signedIn.refreshToken)).rejects.toMatchObject({ code: 'unauthenticated' })
  await expect(refresh(third.refreshToken)).rejects.toMatchObject({ code: 'unauthenticated' })
  await expect(server.as(third).call('people.me', {})).rejects.toMatchObject({ code: 'unauthenticated' })
})

test('browsers keep the refresh token in a cookie that scripts cannot read', async () => {
  const server = await startTestServer()
  await server.person('alice')
  const signIn = await fetchRest(server.url, 'sessions.signIn', {
    name: 'alice',
    password,
    device: 'browser',
    keep: 'cookie',
  })
  expect(signIn.body).not.toHaveProperty('refreshToken')
  const cookie = signIn.headers.get('set-cookie') ?? ''
  expect(cookie).toMatch(/^sotto-refresh=/)
  expect(cookie).toMatch(/HttpOnly/)
  expect(cookie).toMatch(/SameSite=Strict/)
  expect(cookie).toMatch(/Path=\/api\/v1\/sessions/)
  const again = await fetchRest(server.url, 'sessions.refresh', {}, { cookie: cookie.split(';')[0] as string })
  expect(again.status).toBe(200)
})

test('ending a session on another device closes its connections within a second, and its tokens with it', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  const bob = await server.person('bob')
  const phone = server.as(await server.anonymous.call('sessions.signIn', { name: 'alice', password, ...device }))
  const [phones, laptops, bobs] = [await phone.connect(), await alice.connect(), await bob.connect()]
  const { sessions } = await alice.call('sessions.list', {})
  const target = sessions.find((session) => session.device === 'phone')
  expect(sessions.map((session) => session.current).sort()).toEqual([false, true])

  const began = Date.now()
  await alice.call('sessions.revoke', { session: target?.id as SessionId })
  expect(await phones.closed).toMatchObject({ code: 4001 })
  expect(Date.now() - began).toBeLessThan(1_000)
  await expect(phone.call('people.me', {})).rejects.toMatchObject({ code: 'unauthenticated' })
  await expect(
    server.anonymous.call('sessions.refresh', { refreshToken: phone.signedIn.refreshToken as string }),
  ).rejects.toMatchObject({ code: 'unauthenticated' })
  // The others were not touched, and nobody ends the session of somebody else.
  await laptops.call('people.me', {})
  const foreign = (await bob.call('sessions.list', {})).sessions[0]?.id as SessionId
  await expect(alice.call('sessions.revoke', { session: foreign })).rejects.toMatchObject({ code: 'not_found' })
  await bobs.call('people.me', {})
})

test('a new password ends the other sessions and needs the old one', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  const phone = server.as(await server.anonymous.call('sessions.signIn', { name: 'alice', password, ...device }))
  await expect(
    alice.call('people.changePassword', { current: 'wrong', password: 'another long one' }),
  ).rejects.toMatchObject({ code: 'wrong_credentials' })
  await alice.call('people.changePassword', { current: password, password: 'another long one' })
  await expect(phone.call('people.me', {})).rejects.toMatchObject({ code: 'unauthenticated' })
  await alice.call('people.me', {})
  await expect(server.anonymous.call('sessions.signIn', { name: 'alice', password, ...device })).rejects.toMatchObject({
    code: 'wrong_credentials',
  })
  await server.anonymous.call('sessions.signIn', { name: 'alice', password: 'another long one', ...device })
})

test('tokens that are forged, of another kind, or altered are not taken', async () => {
  const server = await startTestServer()
  const { signedIn } = await server.person('alice')
  const [header, payload, signature] = signedIn.accessToken.split('.') as [string, string, string]
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const hmac = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'access' }).sign(Buffer.from(header))
  const forged = [
    `${encode({ alg: 'none', typ: 'access' })}.${payload}.`,
    `${encode({ alg: 'none', typ: 'access' })}.${payload}.${signature}`,
    `${header}.${encode({ ...claims, sub: server.admin.id })}.${signature}`,
    `${header}.${encode({ ...claims, exp: claims.exp + 9999 })}.${signature}`,
    `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
    hmac,
    signedIn.refreshToken as string,
    `${header}.${payload}`,
    'x',
  ]
  for (const token of forged) {
    await expect(
      callRest(server.url, 'people.me', {}, { authorization: `Bearer ${token}` }),
      token,
    ).rejects.toMatchObject({ code: 'unauthenticated' })
    const socket = await openSocket(server.url)
    expect((await socket.ask({ type: 'hello', version: 1, token })).error).toMatchObject({ code: 'unauthenticated' })
    socket.close()
  }
})

test('a connection renews its token, but not with that of somebody else', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const socket = await alice.connect()
  const renewed: SignedIn = await server.anonymous.call('sessions.refresh', {
    refreshToken: alice.signedIn.refreshToken as string,
  })
  expect(await socket.hello(renewed.accessToken)).toMatchObject({ person: alice.id })
  await expect(socket.hello(bob.signedIn.accessToken)).rejects.toMatchObject({ code: 'invalid_input' })
  expect(await socket.call('people.me', {})).toMatchObject({ id: alice.id })
})
