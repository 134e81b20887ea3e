import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import {
  type BulkId,
  builtInRoles,
  type CircleId,
  type CommandName,
  type CommandSpec,
  type ConversationId,
  type ConversationKind,
  commands,
  type Input,
  type InvitationId,
  type Permission,
  type PersonId,
  type RelationshipId,
  type SessionId,
} from '@sotto/protocol'
import { errors } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import {
  clientId,
  fetchRest,
  makeConversation,
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
  readonly bulk: BulkId
}

const device = { device: 'test', keep: 'token', password } as const
const noCircle = randomUUID() as CircleId
const effects = { find: 'none', start: 'none', supervises: false } as const
const noToken = 'x'.repeat(32)

/** One valid input per command. A command without an entry does not compile: a new route needs a line here and a rule in the protocol. */
const inputs: { [Name in CommandName]: (things: Things) => Input<Name> } = {
  'instance.get': () => ({}),
  'instance.setUp': () => ({ setup: noToken, instance: 'Mine', name: 'somebody', displayName: 'X', ...device }),
  'instance.update': () => ({ openSignUp: false }),
  'instance.rotateKeys': () => ({}),
  'instance.settings': () => ({}),
  'instance.changeSettings': () => ({ message_edit_minutes: 60 }),
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
  'people.admin': () => ({}),
  'people.suspend': ({ person }) => ({ person, until: '2020-01-01T00:00:00.000Z', reason: 'x' }),
  'people.restore': ({ person }) => ({ person }),
  'people.resetPassword': () => ({ person: randomUUID() as PersonId }),
  'people.setPassword': () => ({ token: noToken, password: 'a long enough one' }),
  'people.setRole': ({ person }) => ({ person, role: 'member' }),
  'roles.list': () => ({}),
  'roles.create': () => ({ role: 'made-up', name: 'Made up', permissions: [] }),
  'roles.change': () => ({ role: 'helper', name: 'Helper', before: ['audit.read'], permissions: ['audit.read'] }),
  'roles.delete': () => ({ role: 'helper' }),
  'sessions.signIn': () => ({ name: 'nobody', ...device }),
  'sessions.refresh': () => ({ refreshToken: noToken }),
  'sessions.signOut': () => ({}),
  'sessions.list': () => ({}),
  'sessions.revoke': ({ session }) => ({ session }),
  'conversations.heads': () => ({}),
  'conversations.get': ({ conversation }) => ({ conversation }),
  'conversations.mute': ({ conversation }) => ({ conversation, minutes: 0 }),
  'conversations.archive': ({ conversation }) => ({ conversation, archived: false }),
  'conversations.removePicture': ({ conversation }) => ({ conversation }),
  'conversations.change': ({ conversation }) => ({ conversation, change: { topic: 'x' } }),
  'members.list': ({ conversation }) => ({ conversation }),
  'members.add': ({ conversation, person }) => ({ conversation, people: [person] }),
  'members.remove': ({ conversation, person }) => ({ conversation, person }),
  'members.bans': ({ conversation }) => ({ conversation }),
  'members.unban': ({ conversation, person }) => ({ conversation, person }),
  'members.leave': ({ conversation }) => ({ conversation }),
  'members.setRole': ({ conversation, person }) => ({ conversation, person, role: 'reader' }),
  'members.silence': ({ conversation, person }) => ({ conversation, person, minutes: 1 }),
  'members.invite': ({ conversation }) => ({ conversation, uses: 1, expiresInHours: 1 }),
  'members.join': ({ conversation }) => ({ conversation, invitation: noToken }),
  'groups.create': ({ person }) => ({ clientId: clientId(), name: 'Made up', people: [person] }),
  'channels.create': () => ({ clientId: clientId(), name: `Made up ${randomUUID()}`, listed: false }),
  'channels.list': () => ({}),
  'channels.preview': ({ conversation }) => ({ conversation }),
  'channels.join': ({ conversation }) => ({ conversation }),
  'channels.delete': ({ conversation }) => ({ conversation, name: 'not its name' }),
  'threads.start': ({ person }) => ({ person, clientId: clientId(), text: 'x' }),
  'threads.open': () => ({ clientId: clientId() }),
  'threads.invite': ({ conversation }) => ({ conversation, expiresInHours: 1 }),
  'threads.join': ({ conversation }) => ({ conversation }),
  'threads.answer': ({ conversation, person }) => ({ conversation, person, admit: false }),
  'messages.send': ({ conversation }) => ({ conversation, clientId: clientId(), text: 'x' }),
  'messages.edit': ({ conversation }) => ({
    conversation,
    message: randomUUID() as never,
    clientId: clientId(),
    text: 'x',
  }),
  'messages.delete': ({ conversation }) => ({ conversation, message: randomUUID() as never, clientId: clientId() }),
  'messages.pin': ({ conversation }) => ({ conversation, message: randomUUID() as never, pinned: true }),
  'messages.pins': ({ conversation }) => ({ conversation }),
  'messages.page': ({ conversation }) => ({ conversation }),
  'messages.pull': ({ conversation }) => ({ spans: [{ conversation, from: 1, to: 9 }] }),
  'blocks.set': ({ person }) => ({ person, blocked: false }),
  'mutes.set': ({ person }) => ({ person, muted: false }),
  'reports.make': ({ conversation, person }) => ({ conversation, person, reason: 'spam' }),
  'reports.list': () => ({ state: 'open' }),
  'reports.get': () => ({ report: randomUUID() as never }),
  'reports.decide': () => ({ report: randomUUID() as never, decision: 'dismissed' }),
  'notices.dismiss': () => ({ notice: randomUUID() as never }),
  'drafts.set': ({ conversation }) => ({ conversation, text: 'x' }),
  'receipts.read': ({ conversation }) => ({ conversation, place: 1 }),
  'receipts.delivered': ({ conversation }) => ({ conversation, place: 1 }),
  'typing.set': ({ conversation }) => ({ conversation, active: true }),
  'presence.set': () => ({ state: 'online' }),
  'presence.watch': ({ person }) => ({ people: [person] }),
  'board.pull': () => ({ after: 0 }),
  'bulk.audiences': () => ({}),
  'bulk.look': ({ person }) => ({ to: { people: [person], circles: [], roles: [] }, text: 'x' }),
  'bulk.send': ({ person }) => ({
    clientId: clientId(),
    to: { people: [person], circles: [], roles: [] },
    text: 'x {firstName}',
  }),
  'bulk.list': () => ({}),
  'bulk.get': ({ bulk }) => ({ bulk }),
  'bulk.recipients': ({ bulk }) => ({ bulk }),
  'bulk.cancel': ({ bulk }) => ({ bulk }),
  'audit.list': () => ({}),
  'audit.people': () => ({ prefix: 'a' }),
  'health.look': () => ({}),
  'audit.verify': () => ({}),
  'settings.update': () => ({}),
  'threads.look': ({ person }) => ({ person }),
  'circles.mine': () => ({}),
  'circles.list': () => ({}),
  'circles.create': () => ({ name: `Made up ${randomUUID()}` }),
  'circles.rename': () => ({ circle: noCircle, name: 'Renamed' }),
  'circles.delete': () => ({ circle: noCircle }),
  'circles.members': () => ({ circle: noCircle }),
  'circles.setMembers': () => ({ circle: noCircle, add: [], remove: [] }),
  'relationships.kinds': () => ({}),
  'relationships.makeKind': () => ({ kind: 'mentor-of', name: 'mentor of', backName: 'mentee of', ...effects }),
  'relationships.changeKind': () => ({ kind: 'guardian-of', name: '', backName: '', ...effects }),
  'relationships.deleteKind': () => ({ kind: 'mentor-of' }),
  'relationships.list': ({ person }) => ({ person }),
  'relationships.set': ({ person }) => ({
    from: { person },
    kind: 'guardian-of',
    to: { circle: noCircle },
    fromDate: null,
    untilDate: null,
  }),
  'relationships.end': () => ({ relationship: randomUUID() as RelationshipId }),
  'relationships.import': () => ({ csv: 'from,kind,to\n', apply: false }),
  'policy.simulate': ({ person }) => ({ from: person, to: randomUUID() as PersonId }),
}

/** Routes beside the commands, each with why it is safe and the test that holds it. */
const otherRoutes = new Set([
  'POST /api/v1/frames', // the commands again, as frames: below
  'GET /api/v1/events', // one’s own news: edge/stream.test.ts
  'POST /api/v1/poll', // the same
  'PUT /api/v1/me/picture', // one’s own: features/people
  'GET /api/v1/people/:person/picture', // shown to every signed-in person: features/people
  'PUT /api/v1/conversations/:conversation/picture', // by those who may change it: features/conversations
  'GET /api/v1/conversations/:conversation/picture', // shown to those who may look at it: the same
  'GET /api/v1/openapi.json', // the same for everybody
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
  'GET /',
])

/** Instance roles and places in the conversation, as far as a rule tells them apart. */
const everybody = [
  'anonymous',
  'guest',
  'stranger',
  'ex-member',
  'reader',
  'member',
  'moderator',
  'owner',
  'instance moderator',
  'admin',
  'instance owner',
] as const
type Who = (typeof everybody)[number]
/** They are in the conversation that is their own. */
const overFrames = new Set<Who>(['anonymous', 'stranger', 'member', 'admin'])
const inside = new Set<Who>(['reader', 'member', 'moderator', 'owner'])
const instanceRole: Partial<Record<Who, keyof typeof builtInRoles>> = {
  guest: 'guest',
  'instance moderator': 'moderator',
  admin: 'admin',
  'instance owner': 'owner',
}

type Whose = 'own' | 'foreign' | 'missing'

interface Answer {
  readonly status: number
  readonly code: string | undefined
  readonly body: unknown
}

/** What the rule of a command demands; undefined where the command itself decides, and only a leak would be wrong. */
function demanded(spec: CommandSpec, who: Who, whose: Whose, kind: ConversationKind): string | undefined {
  if (spec.access === 'anyone') return undefined
  if (who === 'anonymous') return 'unauthenticated'
  if (spec.permission && !permits(who, spec.permission) && !reachesEveryChannel(spec, who)) return 'forbidden'
  if (spec.access === 'conversation_member') {
    if (reachesEveryChannel(spec, who) && kind === 'channel' && whose !== 'missing') return undefined
    return whose === 'own' && inside.has(who) ? undefined : 'not_found'
  }
  if (spec.access === 'owner' && whose !== 'own') return 'not_found'
  return undefined
}

function permits(who: Who, permission: Permission): boolean {
  return (builtInRoles[instanceRole[who] ?? 'member'] as readonly Permission[]).includes(permission)
}

function reachesEveryChannel(spec: CommandSpec, who: Who): boolean {
  return spec.orPermission !== undefined && permits(who, spec.orPermission)
}

type Cast = Record<Who, TestPerson | undefined>

async function gather(
  server: TestServer,
): Promise<{ cast: Cast; others: readonly [TestPerson, TestPerson, TestPerson] }> {
  const cast = { anonymous: undefined, 'instance owner': server.admin } as Cast
  for (const who of everybody) {
    if (who in cast) continue
    const person = await server.person(who.replaceAll(/[^a-z]/g, ''))
    const role = instanceRole[who]
    if (role) await server.admin.call('people.setRole', { person: person.id, role })
    cast[who] = person
  }
  const others = [await server.person('bob'), await server.person('carol'), await server.person('dave')] as const
  await server.admin.call('roles.create', { role: 'helper', name: 'Helper', permissions: ['audit.read'] })
  return { cast, others }
}

/** Two conversations of a kind: one with the cast in their places, and one of other people. */
async function setTheScene(
  server: TestServer,
  cast: Cast,
  [bob, carol, dave]: readonly [TestPerson, TestPerson, TestPerson],
  kind: ConversationKind,
): Promise<{ shared: ConversationId; foreign: ConversationId }> {
  if (kind === 'thread') {
    const pair = await makeThread(cast.member as TestPerson, bob)
    // Nobody leaves a thread, but the rule must hold all the same.
    await placeByHand(server, pair, cast)
    return { shared: pair, foreign: await makeThread(carol, dave) }
  }
  const shared = await makeConversation(server, cast.owner as TestPerson, kind)
  const insiders = [cast.member, cast.reader, cast.moderator, cast['ex-member'], bob] as TestPerson[]
  const owner = cast.owner as TestPerson
  await owner.call('members.add', { conversation: shared, people: insiders.map((person) => person.id) })
  for (const role of ['reader', 'moderator'] as const)
    await owner.call('members.setRole', { conversation: shared, person: (cast[role] as TestPerson).id, role })
  await owner.call('members.remove', { conversation: shared, person: (cast['ex-member'] as TestPerson).id })
  return { shared, foreign: await makeConversation(server, carol, kind) }
}

async function placeByHand(server: TestServer, conversation: ConversationId, cast: Cast) {
  const places = [
    [cast['ex-member'], 'member', 2],
    [cast.reader, 'reader', null],
    [cast.moderator, 'moderator', null],
    [cast.owner, 'owner', null],
  ] as const
  for (const [person, role, left] of places)
    await server.platform.db.executeQuery({
      sql: `insert into members (conversation, person, role, joined_at_place, left_at_place) values ($1, $2, $3, 1, $4)
        on conflict (conversation, person) do nothing`,
      parameters: [conversation, (person as TestPerson).id, role, left],
      query: { kind: 'RawNode' },
    } as never)
}

/** These end the session that asks, so the others would be judged without one. */
const endsItself = new Set<CommandName>(['sessions.signOut', 'sessions.revoke'])

test('every command, asked by everyone about everything, over REST, as a frame by REST and as a frame', {
  timeout: 900_000,
}, async () => {
  const server = await startTestServer({ requestsPerMinute: 1_000_000, attemptsPerMinute: 1_000_000 })
  const { cast, others } = await gather(server)
  const sockets = new Map<Who, TestSocket>()
  for (const who of everybody) {
    const socket = await cast[who]?.connect()
    if (socket) sockets.set(who, socket)
  }
  const { invitation } = await server.admin.call('invitations.create', { role: 'member', uses: 9, expiresInHours: 1 })
  // One message to many of somebody else’s.
  await server.admin.call('roles.create', {
    role: 'herald',
    name: 'Herald',
    permissions: ['bulk.send', 'people.browse', 'threads.start'],
  })
  await server.admin.call('people.setRole', { person: others[2].id, role: 'herald' })
  const bulk = await others[2].call('bulk.send', {
    clientId: clientId(),
    to: { people: [others[0].id], circles: [], roles: [] },
    text: 'x',
  })
  const missing: Things = {
    conversation: randomUUID() as ConversationId,
    person: randomUUID() as PersonId,
    session: randomUUID() as SessionId,
    invitation: randomUUID() as InvitationId,
    bulk: randomUUID() as BulkId,
  }
  const about = (conversation: ConversationId, person: TestPerson, session: TestPerson): Things => ({
    conversation,
    person: person.id,
    session: session.signedIn.session as SessionId,
    invitation: invitation.id,
    bulk: bulk.bulk,
  })

  const leaks: string[] = []
  let cases = 0
  for (const spec of commands as readonly CommandSpec[]) {
    const name = spec.name as CommandName
    const namesOne = 'conversation' in spec.input.properties || name === 'messages.pull'
    for (const kind of namesOne ? (['thread', 'group', 'channel'] as const) : (['group'] as const)) {
      // A scene for each, because many of them change it.
      const { shared, foreign } = await setTheScene(server, cast, others, kind)
      for (const who of everybody) {
        const person = cast[who]
        const headers = person ? { authorization: `Bearer ${person.signedIn.accessToken}` } : {}
        const answers = new Map<string, Answer>()
        for (const whose of ['own', 'foreign', 'missing'] as const) {
          if (endsItself.has(name) && whose === 'own' && person) continue
          if (name === 'sessions.signOut' && person) continue
          const things = {
            own: about(shared, others[0], person ?? others[0]),
            foreign: about(foreign, others[2], others[2]),
            missing,
          }[whose]
          for (const carrier of ['rest', 'frames', 'socket'] as const) {
            // Frames by REST go the way of those on a socket: a few are enough to see that nobody is mistaken for somebody else.
            if (carrier === 'frames' && !overFrames.has(who)) continue
            const answer = await ask(server, sockets.get(who), carrier, spec, inputs[name](things), headers)
            if (!answer) continue
            cases++
            answers.set(`${carrier} ${whose}`, answer)
            const label = `${name} by ${who} about ${whose} ${kind} over ${carrier}: ${answer.status} ${answer.code ?? 'allowed'}`
            const expected = demanded(spec, who, whose, kind)
            if (expected !== undefined && answer.code !== expected) leaks.push(`${label}, expected ${expected}`)
            if (answer.status >= 500) leaks.push(`${label}: a failure, not a refusal`)
            if (answer.code !== undefined && !(answer.code in errors)) leaks.push(`${label}: not in the closed list`)
          }
        }
        // To a stranger, what is hidden and what does not exist look the same: same status, same bytes.
        if ((namesOne || spec.access === 'owner') && !seesHidden(spec, name, who, kind))
          for (const carrier of ['rest', 'frames', 'socket']) {
            const [hidden, absent] = [answers.get(`${carrier} foreign`), answers.get(`${carrier} missing`)]
            if (JSON.stringify(hidden) !== JSON.stringify(absent))
              leaks.push(`${name} by ${who} over ${carrier} tells a foreign ${kind} from a missing one`)
          }
      }
    }
  }
  expect(leaks).toEqual([])
  expect(cases).toBeGreaterThan(2_000)
  process.stdout.write(`${cases} cases of authorisation\n`)

  // The refusals above mean something only because the same inputs are good in the right hands.
  const { shared } = await setTheScene(server, cast, others, 'channel')
  const things = about(shared, others[0], others[0])
  for (const [who, name] of [
    ['member', 'messages.send'],
    ['member', 'messages.page'],
    ['member', 'conversations.get'],
    ['member', 'receipts.read'],
    ['member', 'typing.set'],
    ['member', 'drafts.set'],
    ['reader', 'members.list'],
    ['member', 'members.invite'],
    ['moderator', 'members.silence'],
    ['moderator', 'conversations.change'],
    ['owner', 'members.setRole'],
    ['moderator', 'members.remove'],
    ['admin', 'members.add'],
    ['reader', 'members.leave'],
    ['guest', 'roles.list'],
    ['admin', 'channels.create'],
  ] as const)
    await expect(
      (cast[who] as TestPerson).call(name, inputs[name](things) as never),
      `${name} by ${who}`,
    ).resolves.toBeDefined()
})

/** Whoever manages every channel may well know of those they are not in, and whoever reads the record of what was done in which. */
function seesHidden(spec: CommandSpec, name: CommandName, who: Who, kind: ConversationKind): boolean {
  if (name === 'audit.list') return permits(who, 'audit.read')
  if (kind !== 'channel' || !permits(who, 'channels.manage')) return false
  return spec.orPermission !== undefined || name === 'channels.join' || name === 'channels.delete'
}

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
  const { cast, others } = await gather(server)
  const { shared } = await setTheScene(server, cast, others, 'group')
  const outsiders = ['stranger', 'ex-member', 'admin', 'instance owner'] as const
  const outside = await Promise.all(outsiders.map((who) => (cast[who] as TestPerson).connect()))
  const inside = await others[0].connect()
  const members = await (cast.member as TestPerson).connect()

  await members.call('messages.send', { conversation: shared, clientId: clientId(), text: 'between us' })
  await members.call('typing.set', { conversation: shared, active: true })
  await members.call('receipts.read', { conversation: shared, place: 3 })
  await members.call('drafts.set', { conversation: shared, text: 'later' })
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
