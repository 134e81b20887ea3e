import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ClientId,
  type CommandName,
  type ConversationId,
  commands,
  type Input,
  type Reply,
  type SignedIn,
} from '@sotto/protocol'
import pg from 'pg'
import { inject, onTestFinished } from 'vitest'
import type { Clock } from '#platform/clock'
import { type Config, readConfig } from '#platform/config'
import { openLogger } from '#platform/logger'
import { type RunningServer, startServer } from '../server.ts'
import { template } from './global-setup.ts'
import { openSocket, type TestSocket } from './socket.ts'

export const password = 'correct horse battery'

export interface TestPerson {
  readonly signedIn: SignedIn
  readonly id: SignedIn['person']['id']
  /** A command over REST. Rejects with `{status, code}` when refused. */
  call<Name extends CommandName>(name: Name, input: Input<Name>): Promise<Reply<Name>>
  /** A connection that has said hello. */
  connect(): Promise<TestSocket>
  /** Sends a message to another person, making their thread. */
  write(to: TestPerson, text: string, clientId?: ClientId): Promise<Reply<'threads.start'>>
}

export interface TestServer {
  readonly url: string
  readonly databaseUrl: string
  readonly dataFolder: string
  readonly platform: RunningServer['platform']
  readonly routes: RunningServer['routes']
  readonly admin: TestPerson
  person(name: string): Promise<TestPerson>
  /** A person from an answer to a sign-in. */
  as(signedIn: SignedIn): TestPerson
  anonymous: {
    call<Name extends CommandName>(
      name: Name,
      input: Input<Name>,
      headers?: Record<string, string>,
    ): Promise<Reply<Name>>
  }
  stop(): Promise<void>
}

export interface Refusal {
  readonly status: number
  readonly code: string
  readonly body: unknown
}

export function clientId(): ClientId {
  return randomUUID() as ClientId
}

/** A whole server on a database of its own, with one admin. Stops with the test. */
export async function startTestServer(overrides: Partial<Config> = {}, clock?: Clock): Promise<TestServer> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'sotto-server-'))
  const connection = inject('postgres')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await asMaintainer((client) => client.query(`create database ${name} template ${template}`))
  const { user, host } = connection
  const databaseUrl = `postgres://${user}:${connection.password}@/${name}?host=${encodeURIComponent(host as string)}&port=${connection.port}`
  const environment = {
    PORT: '0',
    SOTTO_DATA: dataFolder,
    DATABASE_URL: databaseUrl,
    SOTTO_ATTEMPTS_PER_MINUTE: '100000',
    SOTTO_DATABASE_CONNECTIONS: '5',
  }
  const config = { ...readConfig(environment), ...overrides }
  const server = await startServer({ config, logger: openLogger('error'), ...(clock && { clock }) })
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= server.stop()
    return stopped
  }
  onTestFinished(async () => {
    await stop()
    await asMaintainer((client) => client.query(`drop database ${name} with (force)`))
    await rm(dataFolder, { recursive: true, force: true })
  })

  const anonymous = {
    call: (command, input, headers) => callRest(server.url, command, input, headers),
  } as TestServer['anonymous']
  const as = (signedIn: SignedIn): TestPerson => {
    const headers = { authorization: `Bearer ${signedIn.accessToken}` }
    const person: TestPerson = {
      signedIn,
      id: signedIn.person.id,
      call: (command, input) => callRest(server.url, command, input, headers),
      connect: async () => {
        const socket = await openSocket(server.url)
        await socket.hello(signedIn.accessToken)
        onTestFinished(() => socket.close())
        return socket
      },
      write: (to, text, id = clientId()) => person.call('threads.start', { person: to.id, clientId: id, text }),
    }
    return person
  }

  const device = { device: 'test', keep: 'token', password } as const
  const setup = new URL(server.setupUrl as string).hash.slice(1)
  const admin = as(
    await anonymous.call('instance.setUp', { setup, instance: 'Test', name: 'rita', displayName: 'Rita', ...device }),
  )
  return {
    url: server.url,
    databaseUrl,
    dataFolder,
    platform: server.platform,
    routes: server.routes,
    admin,
    as,
    anonymous,
    stop,
    async person(userName) {
      const { token } = await admin.call('invitations.create', { role: 'member', uses: 1, expiresInHours: 1 })
      const displayName = userName[0]?.toUpperCase() + userName.slice(1)
      return as(await anonymous.call('people.signUp', { name: userName, displayName, invitation: token, ...device }))
    },
  }
}

async function asMaintainer(work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client(inject('postgres'))
  await client.connect()
  try {
    // Copying a template needs it to itself for a moment; test files that start together take turns.
    await client.query('select pg_advisory_lock(1)')
    await work(client)
  } finally {
    await client.end()
  }
}

/** One command over REST, its input spread over path, query and body as the protocol says. */
export async function callRest<Name extends CommandName>(
  url: string,
  name: Name,
  input: Input<Name>,
  headers: Record<string, string> = {},
): Promise<Reply<Name>> {
  const { status, body } = await fetchRest(url, name, input, headers)
  if (status === 200) return body as Reply<Name>
  throw { status, code: (body as { error: { code: string } }).error.code, body } satisfies Refusal
}

export async function fetchRest(
  url: string,
  name: CommandName,
  input: object,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown; headers: Headers }> {
  const spec = commands.find((candidate) => candidate.name === name)
  if (!spec) throw new Error(`no such command: ${name}`)
  const [method, template] = spec.rest.split(' ') as [string, string]
  const rest: Record<string, unknown> = { ...input }
  const path = template.replaceAll(/\{(\w+)\}/g, (_, field: string) => {
    const value = rest[field]
    delete rest[field]
    return encodeURIComponent(String(value))
  })
  const inQuery = method === 'GET' || method === 'DELETE'
  const query = inQuery
    ? `?${new URLSearchParams(Object.entries(rest).map(([field, value]) => [field, String(value)]))}`
    : ''
  const response = await fetch(`${url}/api/v1${path}${query}`, {
    method,
    headers: { ...(inQuery ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(inQuery ? {} : { body: JSON.stringify(rest) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers }
}

/** The thread of two people, with its id. */
export async function makeThread(one: TestPerson, other: TestPerson): Promise<ConversationId> {
  return (await one.write(other, 'hello')).conversation
}

let made = 0

/** A group, or a channel that is not listed, of one owner. */
export async function makeConversation(
  server: TestServer,
  owner: TestPerson,
  kind: 'group' | 'channel',
): Promise<ConversationId> {
  const name = `Made ${++made}`
  if (kind === 'group') {
    const { card } = await owner.call('groups.create', { clientId: clientId(), name, people: [] })
    return card.conversation
  }
  // Whoever makes a channel must be allowed to; it is handed over to its owner.
  const { card } = await server.admin.call('channels.create', { clientId: clientId(), name, listed: false })
  const { conversation } = card
  await server.admin.call('members.add', { conversation, people: [owner.id] })
  await server.admin.call('members.setRole', { conversation, person: owner.id, role: 'owner' })
  await server.admin.call('members.leave', { conversation })
  return conversation
}
