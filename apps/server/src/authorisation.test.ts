import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import {
  type CommandName,
  type CommandSpec,
  type ConversationId,
  commands,
  type Input,
  type InvitationId,
  type PersonId,
  type SessionId,
} from '@sotto/protocol'
import { errors } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import {
  clientId,
  fetchRest,
  makeThread,
  password,
  startTestServer,
  type TestPerson,
  type TestServer,
} from './testing/server.ts'
import type { TestSocket } from './testing/socket.ts'

/** The things a request can name: those of alice and bob, those of somebody else, and none at all. */
interface Things {
  readonly conversation: ConversationId
  readonly person: PersonId
  readonly session: SessionId
  readonly invitation: InvitationId
}

const device = { device: 'test', keep: 'token', password } as const
const noToken = 'x'.repeat(32)

/** One valid input per command. A command without an entry does not compile: a new route needs a line here and a rule in the protocol. */
const inputs: { [Name in CommandName]: (things: Things) => Input<Name> } = {
  'instance.get': () => ({}),
  'instance.setUp': () => ({ setup: noToken, instance: 'Mine', name: 'somebody', displayName: 'X', ...device }),
  'instance.update': () => ({ openSignUp: false }),
  'instance.rotateKeys': () => ({}),
  'invitations.create': () => ({ role: 'member', uses: 1, expiresInHours: 1 }),
  'invitations.list': () => ({}),
  'invitations.revoke': ({ invitation }) => ({ invitation }),
  'invitations.preview': () => ({ invitation: noToken }),
  'people.signUp': () => ({ name: 'somebody', displayName: 'X', invitation: noToken, ...device }),
  'people.me': () => ({}),
  'people.updateProfile': () => ({ status: 'here' }),
  'people.changePassword': () => ({ current: 'wrong', password: 'a long enough one' }),
  'people.removePicture': () => ({}),
  'people.list': () => ({}),
  'people.get': ({ person }) => ({ people: [person] }),
  'people.setRole': ({ person }) => ({ person, role: 'member' }),
  'sessions.signIn': () => ({ name: 'nobody', ...device }),
  'sessions.refresh': () => ({ refreshToken: noToken }),
  'sessions.signOut': () => ({}),
  'sessions.list': () => ({}),
  'sessions.revoke': ({ session }) => ({ session }),
  'conversations.heads': () => ({}),
  'conversations.get': ({ conversation }) => ({ conversation }),
  'conversations.archive': ({ conversation }) => ({ conversation, archived: false }),
  'threads.start': ({ person }) => ({ person, clientId: clientId(), text: 'x' }),
  'threads.open': () => ({ clientId: clientId() }),
  'threads.invite': ({ conversation }) => ({ conversation, expiresInHours: 1 }),
  'threads.join': ({ conversation }) => ({ conversation }),
  'threads.answer': ({ conversation, person }) => ({ conversation, person, admit: false }),
  'messages.send': ({ conversation }) => ({ conversation, clientId: clientId(), text: 'x' }),
  'messages.page': ({ conversation }) => ({ conversation }),
  'messages.pull': ({ conversation }) => ({ spans: [{ conversation, from: 1, to: 9 }] }),
  'drafts.set': ({ conversation }) => ({ conversation, text: 'x' }),
  'receipts.read': ({ conversation }) => ({ conversation, place: 1 }),
  'receipts.delivered': ({ conversation }) => ({ conversation, place: 1 }),
  'typing.set': ({ conversation }) => ({ conversation, active: true }),
  'presence.set': () => ({ state: 'online' }),
  'presence.watch': ({ person }) => ({ people: [person] }),
  'board.pull': () => ({ after: 0 }),
  'settings.update': () => ({}),
}

/** Routes beside the commands, each with why it is safe and the test that holds it. */
const otherRoutes = new Set([
  'POST /api/v1/frames', // the commands again, as frames: below
  'GET /api/v1/events', // one’s own news: edge/stream.test.ts
  'POST /api/v1/poll', // the same
  'PUT /api/v1/me/picture', // one’s own: features/people
  'GET /api/v1/people/:person/picture', // shown to every signed-in person: features/people
  'GET /api/v1/openapi.json', // the same for everybody
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
  'GET /',
])

type Who = 'anonymous' | 'stranger' | 'ex-member' | 'member' | 'admin'
type Whose = 'own' | 'foreign' | 'missing'

interface Answer {
  readonly status: number
  readonly code: string | undefined
  readonly body: unknown
}

/** What the rule of a command demands; undefined where the command itself decides, and only a leak would be wrong. */
function demanded(spec: CommandSpec, who: Who, whose: Whose): string | 'allowed' | undefined {
  if (spec.access === 'anyone') return undefined
  if (who === 'anonymous') return 'unauthenticated'
  if (spec.access === 'admin' && who !== 'admin') return 'forbidden'
  if (spec.access === 'conversation_member') {
    if (whose !== 'own') return 'not_found'
    return who === 'member' ? undefined : 'not_found'
  }
  if (spec.access === 'owner' && whose !== 'own') return 'not_found'
  return undefined
}

async function setTheScene(server: TestServer) {
  const [alice, bob, stranger, carol, dave] = await Promise.all(
    ['alice', 'bob', 'stranger', 'carol', 'dave'].map((name) => server.person(name)),
  )
  const people = { alice, bob, stranger, carol, dave } as Record<string, TestPerson>
  const shared = await makeThread(alice as TestPerson, bob as TestPerson)
  const foreign = await makeThread(carol as TestPerson, dave as TestPerson)
  // Nothing makes people leave threads yet, but the rule must already hold.
  const exMember = await server.person('exmember')
  await server.platform.db.executeQuery({
    sql: `insert into members (conversation, person, role, joined_at_place, left_at_place) values ($1, $2, 'member', 1, 2)`,
    parameters: [shared, exMember.id],
    query: { kind: 'RawNode' },
  } as never)
  const { invitation } = await server.admin.call('invitations.create', { role: 'member', uses: 9, expiresInHours: 1 })
  const things = (conversation: ConversationId, person: TestPerson, session: SessionId): Things => ({
    conversation,
    person: person.id,
    session,
    invitation: invitation.id,
  })
  const missing: Things = {
    conversation: randomUUID() as ConversationId,
    person: randomUUID() as PersonId,
    session: randomUUID() as SessionId,
    invitation: randomUUID() as InvitationId,
  }
  const own = (who: TestPerson | undefined) =>
    things(shared, bob as TestPerson, (who ?? (alice as TestPerson)).signedIn.session as SessionId)
  const foreigns = things(foreign, dave as TestPerson, (dave as TestPerson).signedIn.session as SessionId)
  const cast: Record<Who, TestPerson | undefined> = {
    anonymous: undefined,
    stranger: people.stranger,
    'ex-member': exMember,
    member: alice,
    admin: server.admin,
  }
  return { cast, people, shared, foreign, own, foreigns, missing }
}

/** These end the session that asks, so the others would be judged without one. */
const endsItself = new Set<CommandName>(['sessions.signOut', 'sessions.revoke'])

test('every command, asked by everyone about everything, over REST, as a frame by REST and as a frame', async () => {
  const server = await startTestServer({ requestsPerMinute: 1_000_000, attemptsPerMinute: 1_000_000 })
  const { cast, own, foreigns, missing } = await setTheScene(server)
  const sockets = new Map<Who, TestSocket>()
  for (const [who, person] of Object.entries(cast) as [Who, TestPerson | undefined][])
    if (person) sockets.set(who, await person.connect())

  const leaks: string[] = []
  let cases = 0
  for (const spec of commands as readonly CommandSpec[]) {
    const name = spec.name as CommandName
    for (const [who, person] of Object.entries(cast) as [Who, TestPerson | undefined][]) {
      const headers = person ? { authorization: `Bearer ${person.signedIn.accessToken}` } : {}
      const answers = new Map<string, Answer>()
      for (const whose of ['own', 'foreign', 'missing'] as const) {
        if (endsItself.has(name) && whose === 'own' && person) continue
        if (name === 'sessions.signOut' && person) continue
        const things = whose === 'own' ? own(person) : whose === 'foreign' ? foreigns : missing
        for (const carrier of ['rest', 'frames', 'socket'] as const) {
          const answer = await ask(server, sockets.get(who), carrier, spec, inputs[name](things), headers)
          if (!answer) continue
          cases++
          answers.set(`${carrier} ${whose}`, answer)
          const label = `${name} by ${who} about ${whose} over ${carrier}: ${answer.status} ${answer.code ?? 'allowed'}`
          const expected = demanded(spec, who, whose)
          if (expected !== undefined && answer.code !== expected) leaks.push(`${label}, expected ${expected}`)
          if (answer.status >= 500) leaks.push(`${label}: a failure, not a refusal`)
          if (answer.code !== undefined && !(answer.code in errors)) leaks.push(`${label}: not in the closed list`)
        }
      }
      // To a stranger, what is hidden and what does not exist look the same: same status, same bytes.
      if (
        spec.access === 'conversation_member' ||
        spec.access === 'owner' ||
        name === 'threads.join' ||
        name === 'messages.pull'
      )
        for (const carrier of ['rest', 'frames', 'socket']) {
          const [hidden, absent] = [answers.get(`${carrier} foreign`), answers.get(`${carrier} missing`)]
          if (JSON.stringify(hidden) !== JSON.stringify(absent))
            leaks.push(`${name} by ${who} over ${carrier} tells a foreign thing from a missing one`)
        }
    }
  }
  expect(leaks).toEqual([])
  expect(cases).toBeGreaterThan(1_000)
  // The refusals above mean something only because the same inputs are good in the right hands.
  const alice = cast.member as TestPerson
  for (const name of [
    'messages.send',
    'messages.page',
    'conversations.get',
    'receipts.read',
    'typing.set',
    'drafts.set',
  ] as const)
    await expect(alice.call(name, inputs[name](own(alice)) as never), name).resolves.toBeDefined()
})

async function ask(
  server: TestServer,
  socket: TestSocket | undefined,
  carrier: 'rest' | 'frames' | 'socket',
  spec: CommandSpec,
  input: object,
  headers: Record<string, string>,
): Promise<Answer | undefined> {
  const name = spec.name as CommandName
  if (carrier === 'rest') {
    if (spec.carrier === 'socket') return undefined
    const { status, body } = await fetchRest(server.url, name, input, headers)
    return { status, body, code: (body as { error?: { code: string } }).error?.code }
  }
  if (spec.carrier === 'rest') return undefined
  if (carrier === 'socket') {
    if (!socket) return undefined
    const { ack, error } = await socket.ask({ type: name, ...input })
    return {
      status: error ? errors[error.code as keyof typeof errors].status : 200,
      code: error?.code,
      body: error ?? ack,
    }
  }
  if (spec.carrier === 'socket') return undefined
  const response = await fetch(`${server.url}/api/v1/frames`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ id: 1, type: name, ...input }),
  })
  const body = (await response.json()) as { error?: { code: keyof typeof errors } }
  const code = body.error?.code
  return { status: code ? errors[code].status : response.status, code, body }
}

test('every route is a command of the protocol or is named here', async () => {
  const server = await startTestServer()
  const known = new Set(
    (commands as readonly CommandSpec[]).map((spec) => {
      const [method, path] = spec.rest.split(' ') as [string, string]
      return `${method} /api/v1${path.replaceAll(/\{(\w+)\}/g, ':$1')}`
    }),
  )
  const unknown = server.routes.filter(
    (route) =>
      !route.startsWith('HEAD ') &&
      !known.has(route) &&
      !otherRoutes.has(route) &&
      !route.startsWith('GET /api/docs') &&
      !isFileOfTheApp(route),
  )
  expect(server.routes.length).toBeGreaterThan(known.size)
  expect(unknown).toEqual([])
})

/** The built web app is public and the same for everybody. Whether it has been built does not matter here. */
function isFileOfTheApp(route: string): boolean {
  const path = route.replace(/^GET \//, '')
  return path !== '' && existsSync(new URL(`../../web/dist/${path}`, import.meta.url))
}

test('strangers hear nothing of a conversation, while its members do', async () => {
  const server = await startTestServer()
  const { people, shared, cast } = await setTheScene(server)
  const [alice, bob] = [people.alice as TestPerson, people.bob as TestPerson]
  const outside = await Promise.all(
    [cast.stranger, cast['ex-member'], cast.admin, people.carol].map((person) => (person as TestPerson).connect()),
  )
  const inside = await bob.connect()
  const alices = await alice.connect()

  await alices.call('messages.send', { conversation: shared, clientId: clientId(), text: 'between us' })
  await alices.call('typing.set', { conversation: shared, active: true })
  await alices.call('receipts.read', { conversation: shared, place: 3 })
  await alices.call('drafts.set', { conversation: shared, text: 'later' })
  await inside.next('entry', ({ entry }) => entry.kind === 'message' && entry.body.text === 'between us')
  await inside.next('typing')
  await inside.next('receipt')
  // What they would have heard came before this answer, on the same connection.
  for (const socket of outside) {
    await socket.call('people.me', {})
    expect(JSON.stringify(socket.pushed)).not.toContain(shared)
    expect((await socket.ask({ type: 'ping' })).ack).toEqual({ heads: [] })
  }
  expect(JSON.stringify(inside.pushed)).not.toContain('later')
})
