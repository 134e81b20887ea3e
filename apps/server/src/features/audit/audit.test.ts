import type { PersonId } from '@sotto/protocol'
import pg from 'pg'
import { expect, test } from 'vitest'
import { clientId, startTestServer } from '../../testing/server.ts'

test('sign-ins, failures, membership, roles and settings are on record, with who, whom, where and which device', async () => {
  const server = await startTestServer()
  const { admin } = server
  const alice = await server.person('alice')
  const bob = await server.person('bob')
  await expect(
    server.anonymous.call('sessions.signIn', { name: 'alice', password: 'wrong one', device: 'x', keep: 'token' }),
  ).rejects.toMatchObject({ code: 'wrong_credentials' })
  const { card } = await alice.call('groups.create', { clientId: clientId(), name: 'Choir', people: [bob.id] })
  const { conversation } = card
  await alice.call('members.setRole', { conversation, person: bob.id, role: 'moderator' })
  await alice.call('members.remove', { conversation, person: bob.id })
  await admin.call('people.setRole', { person: alice.id, role: 'moderator' })
  await admin.call('instance.update', { name: 'Another' })

  const { records } = await admin.call('audit.list', { limit: 500 })
  const found = (action: string) => records.filter((record) => record.action === action)
  const session = alice.signedIn.session
  expect(found('session.begun')).toHaveLength(3)
  expect(found('session.begun')[1]).toMatchObject({ actor: alice.id, session, device: 'test' })
  expect(found('session.refused')[0]).toMatchObject({ actor: null, device: null, detail: { name: 'alice' } })
  expect(found('group.made')[0]).toMatchObject({ actor: alice.id, session, conversation, detail: { name: 'Choir' } })
  expect(found('member.added')[0]).toMatchObject({ actor: alice.id, person: bob.id, conversation })
  expect(found('member.role')[0]).toMatchObject({ person: bob.id, detail: { before: 'member', role: 'moderator' } })
  expect(found('member.removed')[0]).toMatchObject({ actor: alice.id, person: bob.id })
  expect(found('person.role')[0]).toMatchObject({ actor: admin.id, person: alice.id, detail: { role: 'moderator' } })
  expect(found('instance.changed')[0]).toMatchObject({ detail: { name: 'Another' } })
  expect(records.map((record) => record.place)).toEqual(records.map((_, index) => records.length - index))

  const about = await admin.call('audit.list', { person: bob.id, action: 'member.removed' })
  expect(about.records).toHaveLength(1)
  const since = await admin.call('audit.list', { since: new Date(Date.now() + 60_000).toISOString() })
  expect(since.records).toHaveLength(0)
  const first = await admin.call('audit.list', { limit: 2 })
  const second = await admin.call('audit.list', { limit: 2, before: first.next as number })
  expect(second.records[0]?.place).toBe((first.records[1]?.place ?? 0) - 1)
})

test('who reads the record is told who is in it, whether they find people otherwise or not', async () => {
  const { admin, ...server } = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  await admin.call('roles.create', { role: 'auditor', name: 'Auditor', permissions: ['audit.read'] })
  await admin.call('people.setRole', { person: alice.id, role: 'auditor' })
  await bob.call('blocks.set', { person: alice.id, blocked: true })
  expect((await alice.call('people.list', {})).people.map(({ name }) => name)).not.toContain('bob')
  expect((await alice.call('people.get', { people: [bob.id] })).people).toEqual([])
  const [found] = (await alice.call('audit.people', { prefix: 'bo' })).people
  expect(found).toMatchObject({ id: bob.id, displayName: 'Bob' })
  expect((await alice.call('audit.people', { people: [bob.id] })).people).toEqual([found])
  expect((await alice.call('audit.people', { people: [] })).people).toEqual([])
  const { records } = await alice.call('audit.list', { actor: found?.id as PersonId })
  expect(records.map(({ action }) => action)).toContain('person.blocked')
  await expect(bob.call('audit.people', { prefix: 'a' })).rejects.toMatchObject({ code: 'forbidden' })
})

test('reading the record is on record; what failed and was rolled back is not', async () => {
  const { admin, ...server } = await startTestServer()
  const alice = await server.person('alice')
  await expect(alice.call('audit.list', {})).rejects.toMatchObject({ code: 'forbidden' })
  await expect(admin.call('people.setRole', { person: admin.id, role: 'member' })).rejects.toMatchObject({
    code: 'conflict',
  })
  await admin.call('audit.list', { action: 'session.begun' })
  const { records } = await admin.call('audit.list', {})
  expect(records[0]).toMatchObject({ action: 'audit.read', detail: { filter: { action: 'session.begun' } } })
  expect(records.some((record) => record.action === 'person.role')).toBe(false)
})

test('what only admins see of people and reports is looked at on record; a look that is refused is none', async () => {
  const server = await startTestServer()
  const ana = await server.person('ana')
  await server.admin.call('people.admin', { prefix: 'an' })
  await server.admin.call('reports.list', { state: 'open' })
  for (const look of [() => ana.call('people.admin', {}), () => ana.call('reports.list', { state: 'open' })])
    await expect(look()).rejects.toMatchObject({ code: 'forbidden' })
  for (const [action, detail] of [
    ['person.listed', { prefix: 'an' }],
    ['report.listed', { state: 'open' }],
  ] as const) {
    const { records } = await server.admin.call('audit.list', { action })
    expect(records.map((record) => [record.actor, record.detail])).toEqual([[server.admin.id, detail]])
  }
})

test('no page of the record is read without a record of the look it belongs to, and a look is one record', async () => {
  const { admin } = await startTestServer()
  const looks = async () => (await admin.call('audit.list', { action: 'audit.read', limit: 500 })).records
  const first = await admin.call('audit.list', { limit: 1 })
  await admin.call('audit.list', { limit: 1, before: first.next as number })
  const before = await looks()
  // Straight to a page, with a place that nobody has been told.
  await admin.call('audit.list', { before: Number.MAX_SAFE_INTEGER })
  const after = await looks()
  expect(after[0]).toMatchObject({ action: 'audit.read', detail: { filter: { before: Number.MAX_SAFE_INTEGER } } })
  expect(after.length).toBe(before.length + 2)
  expect(before.filter(({ detail }) => (detail.filter as { limit?: number }).limit === 1)).toHaveLength(1)
})

test('a chain of many writers holds, and a record that was changed, taken out or cut off shows', async () => {
  const { admin, databaseUrl, ...server } = await startTestServer()
  const people = await Promise.all(['alice', 'bob', 'carol', 'dave'].map((name) => server.person(name)))
  await Promise.all(
    people.flatMap((person, index) =>
      [1, 2, 3].map((turn) =>
        person.call('groups.create', { clientId: clientId(), name: `Group ${index} ${turn}`, people: [] }),
      ),
    ),
  )
  const whole = await admin.call('audit.verify', {})
  expect(whole).toMatchObject({ broken: null })
  expect(whole.records).toBeGreaterThan(12)

  const client = new pg.Client(databaseUrl)
  await client.connect()
  try {
    for (const text of [
      'update audit set actor = null where place = 5',
      'delete from audit where place = 5',
      'truncate audit',
    ])
      await expect(client.query(text)).rejects.toThrow('append-only')
    // Whoever owns the database can take the guard away. What they do then is not forbidden, but it shows.
    await client.query('alter table audit disable trigger audit_append_only')
    await client.query('begin')
    await client.query("update audit set action = 'member.left' where place = 5")
    await client.query('commit')
    expect(await admin.call('audit.verify', {})).toMatchObject({ broken: 5 })
    await client.query('delete from audit where place >= 5')
    expect(await admin.call('audit.verify', {})).toEqual({ records: 4, broken: 5 })
  } finally {
    await client.end()
  }
})
