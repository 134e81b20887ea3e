import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { takeFolder } from './faults/trials.ts'
import { type Product, startProduct } from './product.ts'

/** Each is found in whatever form it is quoted. */
const password = 'a-passphrase-5b1f0c'
const wrong = 'a-mistyped-77e2aa-passphrase'
const body = 'what-was-said-41d8e6'
const draft = 'what-was-not-said-yet-3aa07b'

test('nothing that people wrote or that would let somebody in comes into the log or the metrics', {
  timeout: 120_000,
}, async () => {
  const folder = await takeFolder()
  const product = await startProduct(folder, { SOTTO_LOG_LEVEL: 'debug' })
  onTestFinished(() => product.stop(), 60_000)
  const secrets = new Map<string, string>([password, wrong, body, draft].map((text) => [text, text]))
  const keep = (what: string, secret: string): string => {
    expect(secret.length, what).toBeGreaterThan(15)
    secrets.set(secret, what)
    return secret
  }
  const keepMasterKey = async () => {
    const hex = keep('master key', (await readFile(join(folder, 'keys/master.key'), 'utf8')).trim())
    const base64 = keep('master key in base64', Buffer.from(hex, 'hex').toString('base64').replace(/=+$/, ''))
    keep('master key in base64url', base64.replaceAll('+', '-').replaceAll('/', '_'))
  }
  const databasePassword = keep('database password', (await readFile(join(folder, 'postgres-password'), 'utf8')).trim())
  await keepMasterKey()

  // People come in and talk.
  const ask = asker(product)
  const account = (name: string) => ({ name, displayName: name, password, device: 'log', keep: 'token' })
  const enter = (signedIn: Answer['body']) => {
    keep('access token', signedIn.accessToken)
    keep('signature of an access token', signedIn.accessToken.split('.')[2])
    if (signedIn.refreshToken) keep('refresh token', signedIn.refreshToken)
    return { authorization: `Bearer ${signedIn.accessToken}` }
  }
  const setup = keep('setup token', new URL(product.setup).hash.slice(1))
  const admin = enter((await ask('POST /setup', { setup, instance: 'Log', ...account('rita') })).body)
  const invite = () => ask('POST /invitations', { role: 'member', uses: 5, expiresInHours: 1 }, admin)
  const invitation = keep('invitation', (await invite()).body.token)
  const signUp = (name: string) => ask('POST /people', { invitation, ...account(name) })
  const { person: bob } = (await signUp('bob')).body
  const first = (await signUp('alice')).body
  const alice = enter(first)
  const send = () => ask('POST /threads', { person: bob.id, clientId: randomUUID(), text: body }, alice)
  const { conversation } = (await send()).body
  const keepDraft = () => ask(`PUT /conversations/${conversation}/draft`, { text: draft }, alice)
  const signIn = (withPassword: string, at: 'token' | 'cookie') =>
    ask('POST /sessions', { ...account('alice'), displayName: undefined, password: withPassword, keep: at })
  const refresh = () => ask('POST /sessions/refresh', {}, { cookie })
  const browser = await signIn(password, 'cookie')
  const cookie = (browser.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  keep('refresh cookie', cookie.split('=')[1] ?? '')
  enter(browser.body)
  enter((await refresh()).body)
  expect((await keepDraft()).status).toBe(200)
  expect((await signIn(wrong, 'token')).status).toBe(401)

  // Requests that are refused carry the same things, in places where they do not belong.
  const [token = ''] = [...secrets.keys()].filter((secret) => secrets.get(secret) === 'access token').slice(-1)
  expect((await ask('POST /threads', `{"text": "${body}" ${token}`, alice)).status).toBe(400)
  expect((await ask(`GET /me?token=${token}`, undefined, alice)).status).toBe(400)
  expect((await ask(`GET /${token}/${body}`, undefined, alice)).status).toBe(404)
  expect((await ask('GET /me', undefined, { authorization: `Basic ${token}` })).status).toBe(401)
  expect((await ask('POST /invitations/preview', { invitation: setup })).status).toBe(410)
  expect((await ask('POST /frames', { id: 1, type: body, text: token }, alice)).body.error.code).toBe('not_found')
  for (const hello of [{ token }, { token: first.refreshToken }, { token, [body]: password }])
    await sayHello(product, { id: 1, type: 'hello', version: 1, ...hello })
  const second = (await ask('POST /sessions/refresh', { refreshToken: first.refreshToken })).body
  keep('refresh token', (await ask('POST /sessions/refresh', { refreshToken: second.refreshToken })).body.refreshToken)
  keep('refresh token', second.refreshToken)
  expect((await ask('POST /sessions/refresh', { refreshToken: first.refreshToken })).status).toBe(401)
  expect(product.log).toContain('a refresh token was used twice')
  expect((await ask('POST /instance/rotate-keys', {}, admin)).status).toBe(200)
  await keepMasterKey()
  Object.assign(alice, enter((await signIn(password, 'token')).body))

  // The database fails at each kind of write, with an error that quotes the row.
  const database = new pg.Client({
    host: join(folder, 'postgres'),
    user: 'postgres',
    password: databasePassword,
    database: 'sotto',
  })
  database.on('error', () => {})
  await database.connect()
  secrets.set('$argon2id$', 'password hash')
  await database.query(`create function quote_row() returns trigger language plpgsql as $$
    begin raise exception 'broken' using errcode = 'check_violation', detail = new::text, hint = new::text; end $$`)
  for (const table of ['people', 'sessions', 'invitations', 'entries', 'board_rows'])
    await database.query(`create trigger quote_row before insert on ${table} for each row execute function quote_row()`)
  for (const fail of [() => signUp('carol'), () => signIn(password, 'token'), invite, send, keepDraft]) {
    const { status, body: answer } = await fail()
    expect([status, answer]).toMatchObject([500, { error: { code: 'internal' } }])
    expect(product.log).toContain(answer.error.incident)
    expect(product.log).toContain('"message":"broken","code":"23514"')
  }
  await database.end()
  await product.killPostgres()
  for (const giveUpAt = Date.now() + 30_000; !product.log.includes('PostgreSQL runs again'); await sleep(50))
    if (Date.now() > giveUpAt) throw new Error('the log does not say that PostgreSQL was restarted')

  // Settings with a fault are told without what is secret in them.
  const master = [...secrets.keys()].find((secret) => secrets.get(secret) === 'master key')
  const faults = [
    { DATABASE_URL: `postgres://sotto:${databasePassword}@127.0.0.1:1/sotto` },
    { DATABASE_URL: `postgres://sotto:${databasePassword}@127.0.0.1:port/sotto` },
    { SOTTO_MASTER_KEY: `${master}00` },
  ]
  const last: string[] = []
  for (const fault of faults) {
    const refused = startProduct(await takeFolder(), { SOTTO_LOG_LEVEL: 'debug', ...fault })
    last.push(
      await refused.then(
        () => 'it started',
        (error: Error) => error.message,
      ),
    )
  }
  expect(last).toEqual(Array(faults.length).fill(expect.stringMatching('the server ended with 1')))

  const metrics = await (await fetch(`${product.url}/metrics`)).text()
  expect(metrics).toContain('people.signUp')
  const places = { log: product.log, metrics, 'last words': last.join() }
  const leaks = Object.entries(places).flatMap(([place, text]) =>
    [...secrets].filter(([secret]) => text.includes(secret)).map(([, what]) => `${what} in the ${place}`),
  )
  expect(leaks).toEqual([])
})

/** Resolves with the answer to a first frame. */
function sayHello({ url }: Product, frame: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/socket`)
    socket.onopen = () => socket.send(JSON.stringify(frame))
    socket.onmessage = ({ data }) => {
      socket.close()
      resolve(String(data))
    }
    socket.onerror = () => reject(new Error('the connection was refused'))
  })
}

interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: the wire, as a program of somebody else’s making would read it.
  readonly body: any
  readonly headers: Headers
}

function asker({ url }: Product) {
  return async (what: string, input?: object | string, headers: Record<string, string> = {}): Promise<Answer> => {
    const [method = '', path = ''] = what.split(' ')
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { ...(input !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(input !== undefined && { body: typeof input === 'string' ? input : JSON.stringify(input) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers }
  }
}
