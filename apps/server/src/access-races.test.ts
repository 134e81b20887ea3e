import { closeCodes, wireVersion } from '@sotto/protocol/pure'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { clientId, makeConversation, makeThread, startTestServer, type TestServer } from './testing/server.ts'
import { openSocket } from './testing/socket.ts'

// What was permitted when it was asked for, and no longer is when its turn comes.

/** A transaction beside the server: what it locks the server waits for, and `waiting` resolves once so many statements do. */
async function beside({ databaseUrl }: TestServer) {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  onTestFinished(() => client.end())
  await client.query('begin')
  const watcher = new pg.Client(databaseUrl)
  await watcher.connect()
  onTestFinished(() => watcher.end())
  const count = async () => {
    const { rows } = await watcher.query(
      `select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    return rows[0].count
  }
  return {
    run: (text: string, values: unknown[] = []) => client.query(text, values),
    waiting: (statements: number) => expect.poll(count, { timeout: 10_000 }).toBe(statements),
    commit: () => client.query('commit'),
  }
}

const settled = async (work: Promise<unknown>) => (await Promise.allSettled([work]))[0] as PromiseSettledResult<unknown>

test('a session that ends while a connection says hello leaves no connection behind', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  const { session } = alice.signedIn
  const other = await beside(server)
  await other.run(`update sessions set last_used_at = now() - interval '5 minutes' where id = $1`, [session])
  await other.commit()
  await other.run('begin')
  await other.run('select 1 from sessions where id = $1 for update', [session])
  const suspended = server.admin.call('people.suspend', { person: alice.id, until: null, reason: '' })
  await other.waiting(1)
  const socket = await openSocket(server.url)
  onTestFinished(() => socket.close())
  socket.raw(JSON.stringify({ id: 1, type: 'hello', version: wireVersion, token: alice.signedIn.accessToken }))
  await other.waiting(2)
  await other.commit()
  await suspended
  expect((await socket.closed).code).toBe(closeCodes.signed_out.code)
})

test('nobody takes a role from somebody who has been given a higher one in the meantime', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  for (const { id } of [alice, bob]) await server.admin.call('people.setRole', { person: id, role: 'admin' })
  const other = await beside(server)
  await other.run(`update people set role = 'owner' where id = $1`, [alice.id])
  const demoted = settled(bob.call('people.setRole', { person: alice.id, role: 'member' }))
  await other.waiting(1)
  const reset = settled(bob.call('people.resetPassword', { person: alice.id }))
  await other.waiting(2)
  await other.commit()
  expect(await demoted).toMatchObject({ reason: { code: 'forbidden' } })
  expect(await reset).toMatchObject({ reason: { code: 'forbidden' } })
  expect(await alice.call('people.me', {})).toMatchObject({ role: 'owner' })
})

test('whoever is being taken out deletes nothing any more', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const conversation = await makeConversation(server, alice, 'group')
  await alice.call('members.add', { conversation, people: [bob.id] })
  const { id: message } = await bob.call('messages.send', { conversation, clientId: clientId(), text: 'a threat' })
  const other = await beside(server)
  await other.run('select 1 from conversations where id = $1 for no key update', [conversation])
  const deleted = settled(bob.call('messages.delete', { conversation, message, clientId: clientId() }))
  await other.waiting(1)
  await other.run('update members set left_at_place = 9 where conversation = $1 and person = $2', [
    conversation,
    bob.id,
  ])
  await other.commit()
  expect(await deleted).toMatchObject({ reason: { code: 'not_found' } })
  const { entries } = await alice.call('messages.page', { conversation })
  expect(entries.at(-1)).toMatchObject({ id: message, body: { text: 'a threat' } })
})

test('a card that is being taken off a board is not put back by what its person does with it', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  for (const [put, change] of [
    ['conversations.archive', { archived: true }],
    ['conversations.mute', { minutes: 5 }],
  ] as const) {
    const conversation = await makeConversation(server, alice, 'group')
    await alice.call('members.add', { conversation, people: [bob.id] })
    const other = await beside(server)
    await other.run('select 1 from boards where person = $1 for update', [bob.id])
    const removed = alice.call('members.remove', { conversation, person: bob.id })
    await other.waiting(1)
    const own = settled(bob.call(put, { conversation, ...change } as never))
    await other.waiting(2)
    await other.commit()
    await removed
    expect(await own, put).toMatchObject({ reason: { code: 'not_found' } })
    const { rows } = await bob.call('board.pull', { after: 0 })
    expect(rows.find((row) => row.key === `conversation/${conversation}`)?.value, put).toBeNull()
  }
})

test('who is taken out while they connect hears nothing of it', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const conversation = await makeConversation(server, alice, 'group')
  await alice.call('members.add', { conversation, people: [bob.id] })
  const { log } = server.platform
  const { heads } = log
  log.heads = async (person, only) => {
    const found = await heads(person, only)
    if (person !== bob.id) return found
    log.heads = heads
    await alice.call('members.remove', { conversation, person })
    return found
  }
  const bobs = await bob.connect()
  await alice.call('messages.send', { conversation, clientId: clientId(), text: 'he is out' })
  await bobs.call('people.me', {})
  expect(JSON.stringify(bobs.pushed)).not.toContain('he is out')
})

test('a client that does not hear that its session has ended is not heard either', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const conversation = await makeThread(alice, bob)
  const socket = new WebSocket(`${server.url.replace(/^http/, 'ws')}/api/v1/socket`)
  onTestFinished(() => socket.terminate())
  const send = (id: number, frame: object) => socket.send(JSON.stringify({ id, ...frame }))
  const say = (id: number, text: string) =>
    send(id, { type: 'messages.send', conversation, clientId: clientId(), text })
  const answered = (id: number) =>
    new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        if (JSON.parse(String(data)).id === id) resolve()
      })
    })
  await new Promise((resolve) => socket.on('open', resolve))
  send(1, { type: 'hello', version: wireVersion, token: alice.signedIn.accessToken })
  await answered(1)
  say(3, 'in time')
  await answered(3)
  socket.pause()
  await server.admin.call('people.suspend', { person: alice.id, until: null, reason: '' })
  say(4, 'too late')
  await new Promise((resolve) => {
    socket.on('close', resolve)
    setTimeout(() => socket.resume(), 500)
  })
  const { entries } = await bob.call('messages.page', { conversation })
  expect(entries.at(-1)?.body).toEqual({ text: 'in time' })
})
