import { request } from 'node:http'
import { errors, maxFrameBytes } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import { makeThread, startTestServer, type TestServer } from '../testing/server.ts'
import { openSocket } from '../testing/socket.ts'

const closedList = Object.keys(errors)

/** Bytes as they are, which `fetch` would mend. */
function send(
  server: TestServer,
  path: string,
  body: Buffer | string,
  headers: Record<string, string>,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${server.url}${path}`,
      { method: 'POST', headers: { 'content-length': Buffer.byteLength(body), ...headers } },
      (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

test('whatever is wrong with a body, the answer is a code of the closed list and never a stack', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  const headers = { authorization: `Bearer ${alice.signedIn.accessToken}`, 'content-type': 'application/json' }
  const cases: [string | Buffer, Record<string, string>, string][] = [
    ['{"people":', headers, 'invalid_input'],
    ['[]', headers, 'invalid_input'],
    ['null', headers, 'invalid_input'],
    ['"x"', headers, 'invalid_input'],
    [Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), headers, 'invalid_input'],
    ['{"people":[],"__proto__":{"admin":true}}', headers, 'invalid_input'],
    ['{"people":[],"constructor":{"prototype":{}}}', headers, 'invalid_input'],
    [`{"people":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, headers, 'invalid_input'],
    [`{"people":"${'x'.repeat(maxFrameBytes)}"}`, headers, 'too_large'],
    ['people=1', { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, 'unsupported'],
    ['{"people":[]}', { ...headers, authorization: 'Basic eDp5' }, 'unauthenticated'],
    ['{"people":[]}', { ...headers, authorization: 'Bearer ' }, 'unauthenticated'],
    ['{"people":[]}', { ...headers, origin: 'https://evil.example' }, 'foreign_origin'],
    ['{"people":[]}', { ...headers, origin: 'null' }, 'foreign_origin'],
  ]
  for (const [body, with_, code] of cases) {
    const answer = await send(server, '/api/v1/people/get', body, with_)
    const label = `${String(body).slice(0, 60)} ${JSON.stringify(with_).slice(-60)}`
    expect(answer.status, label).toBe(errors[code as keyof typeof errors].status)
    expect(JSON.parse(answer.body).error.code, label).toBe(code)
    expect(answer.body, label).not.toMatch(/\.ts|node_modules|at /)
  }
  expect(await alice.call('people.get', { people: [alice.id] })).toMatchObject({ people: [{ name: 'alice' }] })
})

test('a time that is none is invalid input', async () => {
  const { admin } = await startTestServer()
  for (const time of ['2026-13-01T00:00:00.000Z', '2026-00-10T00:00:00.000Z', '2026-01-01T25:00:00.000Z'])
    await expect(admin.call('audit.list', { since: time }), time).rejects.toMatchObject({ code: 'invalid_input' })
  expect((await admin.call('audit.list', { until: '2026-01-31T23:59:59.999Z' })).records).toEqual([])
})

test('unknown paths and methods are missing, not failures', async () => {
  const server = await startTestServer()
  for (const [method, path] of [
    ['GET', '/api/v1/nothing'],
    ['DELETE', '/api/v1/instance'],
    ['POST', '/anything'],
    ['GET', '/api/v1/people/%ff/picture'],
  ] as const) {
    const response = await fetch(`${server.url}${path}`, { method })
    expect(response.status, path).toBeGreaterThanOrEqual(400)
    expect(response.status, path).toBeLessThan(500)
    expect(closedList).toContain(((await response.json()) as { error: { code: string } }).error.code)
  }
})

test('a connection survives every frame that is merely wrong', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const conversation = await makeThread(alice, bob)
  const socket = await alice.connect()
  for (const raw of [
    '',
    'x',
    '[]',
    '7',
    'null',
    '{}',
    '{"id":0,"type":"ping"}',
    '{"id":1.5,"type":"ping"}',
    '{"id":1}',
    `{"id":1,"type":"${'x'.repeat(100)}"}`,
    '['.repeat(30_000),
  ])
    socket.raw(raw)
  socket.raw(Buffer.from('x'.repeat(maxFrameBytes + 1)))
  const wrong: [Record<string, unknown>, string][] = [
    [{ type: 'nothing.known' }, 'not_found'],
    [{ type: 'people.signUp', name: 'x' }, 'invalid_input'],
    [{ type: 'people.me', extra: 1 }, 'invalid_input'],
    [{ type: 'messages.page', conversation, limit: 1e9 }, 'invalid_input'],
    [{ type: 'messages.page', conversation, limit: '10' }, 'invalid_input'],
    [{ type: 'receipts.read', conversation, place: 9_999 }, 'invalid_input'],
    [{ type: 'receipts.read', conversation, place: -1 }, 'invalid_input'],
    [{ type: 'instance.update', name: 'mine now' }, 'forbidden'],
    [{ type: 'hello', version: 99, token: alice.signedIn.accessToken }, 'invalid_input'],
  ]
  for (const [frame, code] of wrong)
    expect((await socket.ask(frame)).error, JSON.stringify(frame)).toMatchObject({ code })
  expect(await socket.call('people.me', {})).toMatchObject({ name: 'alice' })
  expect(socket.strays.length).toBeGreaterThanOrEqual(11)
  expect(socket.strays.every((stray) => closedList.includes((stray as { error: { code: string } }).error.code))).toBe(
    true,
  )
})

test('before hello there is only hello', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  const socket = await openSocket(server.url)
  for (const type of ['people.me', 'ping', 'messages.send', 'instance.get'])
    expect((await socket.ask({ type })).error).toMatchObject({ code: 'unauthenticated' })
  await socket.hello(alice.signedIn.accessToken)
  expect(await socket.call('people.me', {})).toMatchObject({ name: 'alice' })
  socket.close()
})

test('pages of other origins get no socket; programs and our own page do', async () => {
  const server = await startTestServer()
  const { host } = new URL(server.url)
  const port = new URL(server.url).port
  const foreign = [
    'null',
    'https://evil.example',
    `https://${host}.evil.example`,
    `http://evil-${host}`,
    `http://127.0.0.1:${Number(port) + 1}`,
    'http://127.0.0.1',
    `file://${host}`,
    'chrome-extension://abc',
    `http://[::1]:${port}`,
    `http://localhost:${port}`,
    `http://127.0.0.2:${port}`,
    'not an origin',
  ]
  for (const origin of foreign)
    await expect(openSocket(server.url, { headers: { origin } }), origin).rejects.toThrow(/403/)
  for (const headers of [{}, { origin: server.url }] as Record<string, string>[])
    (await openSocket(server.url, { headers })).close()
})

test('an allowed origin may call the API, another may not', async () => {
  const server = await startTestServer({ origins: ['https://app.example.org'] })
  const ask = (origin: string) => fetch(`${server.url}/api/v1/instance`, { headers: { origin } })
  const allowed = await ask('https://app.example.org')
  expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, 'https://app.example.org'])
  const refused = await ask('https://app.example.org.evil.example')
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, null])
  const preflight = await fetch(`${server.url}/api/v1/people`, {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example.org', 'access-control-request-method': 'POST' },
  })
  expect(preflight.status).toBe(204)
})

test('a flood is slowed down by person, and others do not notice', async () => {
  const server = await startTestServer({ requestsPerMinute: 600 })
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const socket = await alice.connect()
  const answers = await Promise.all(Array.from({ length: 300 }, () => socket.ask({ type: 'ping' })))
  const refused = answers.filter((answer) => answer.error)
  expect(refused.length).toBeGreaterThan(150)
  expect(refused.every((answer) => answer.error?.code === 'too_many_requests')).toBe(true)
  expect(refused[0]?.error).toMatchObject({ retryAfterMs: expect.any(Number) })
  await expect(bob.call('people.me', {})).resolves.toMatchObject({ name: 'bob' })
})

test('a client that goes on and on is shown the door', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  const socket = await alice.connect()
  for (let index = 0; index < 1_100; index++) socket.raw('nonsense')
  expect(await socket.closed).toMatchObject({ code: 4004 })
})
