import type { BulkId, ConversationCard, ConversationId, PersonId } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { clientId, startTestServer, type TestPerson, type TestServer } from '../../testing/server.ts'
import { fillIn } from './fields.ts'
import { quietUntil } from './quiet.ts'

async function withTeacher(count: number) {
  const server = await startTestServer()
  const teacher = await server.person('tess')
  await server.admin.call('roles.create', {
    role: 'teacher',
    name: 'Teacher',
    permissions: ['bulk.send', 'people.browse', 'threads.start'],
  })
  await server.admin.call('people.setRole', { person: teacher.id, role: 'teacher' })
  const pupils: TestPerson[] = []
  for (let index = 0; index < count; index++) pupils.push(await server.person(`pupil${index}`))
  return { server, teacher, pupils }
}

const to = (people: readonly TestPerson[]) => ({ people: people.map((one) => one.id), circles: [], roles: [] })

async function whenDone(person: TestPerson, bulk: BulkId) {
  for (let tries = 0; tries < 200; tries++) {
    const now = await person.call('bulk.get', { bulk })
    if (now.state !== 'sending') return now
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('it was not done in ten seconds')
}

async function textsOf(person: TestPerson): Promise<string[]> {
  const { heads } = await person.call('conversations.heads', {})
  const pages = await Promise.all(
    heads.map(({ conversation }) => person.call('messages.page', { conversation, limit: 200 })),
  )
  return pages.flatMap((page) => page.entries.flatMap((entry) => (entry.kind === 'message' ? [entry.body.text] : [])))
}

test('each gets it in their own thread, with their name in it, and learns of nobody else', async () => {
  const { server, teacher, pupils } = await withTeacher(3)
  const [one, two, three] = pupils as [TestPerson, TestPerson, TestPerson]
  await one.call('people.updateProfile', { displayName: 'Anna Maria {name}' })
  await teacher.write(two, 'we know each other')
  const text = 'Dear {firstName}, dear {name}: tomorrow at nine.'
  const look = await teacher.call('bulk.look', { to: to(pupils), text })
  expect(look).toMatchObject({ people: 3, refused: 0 })
  expect(await textsOf(one)).toEqual([])

  const { bulk, ...begun } = await teacher.call('bulk.send', { clientId: clientId(), to: to(pupils), text })
  expect(begun).toMatchObject({ text, sent: expect.any(Number), refused: 0 })
  expect(await whenDone(teacher, bulk)).toMatchObject({ state: 'done', sent: 3, waiting: 0, read: 0 })
  expect(await textsOf(one)).toEqual(['Dear Anna, dear Anna Maria {name}: tomorrow at nine.'])
  expect(await textsOf(two)).toEqual(['we know each other', 'Dear Pupil1, dear Pupil1: tomorrow at nine.'])
  // The recipient sees an ordinary thread of two.
  const { heads } = await three.call('conversations.heads', {})
  const conversation = heads[0]?.conversation as ConversationId
  const { members } = await three.call('members.list', { conversation })
  expect(members.map(({ name }) => name)).toEqual(['pupil2', 'tess'])
  expect(JSON.stringify(await three.call('board.pull', { after: 0 }))).not.toContain(one.id)

  // Who has not read it, in the words of the sender’s list.
  await three.call('receipts.read', { conversation, place: heads[0]?.head as number })
  expect(await teacher.call('bulk.get', { bulk })).toMatchObject({ read: 1 })
  const unread = await teacher.call('bulk.recipients', { bulk, only: 'unread' })
  expect(unread.recipients.map(({ name, state, read }) => [name, state, read])).toEqual([
    ['pupil0', 'sent', false],
    ['pupil1', 'sent', false],
  ])
  const windowed = await teacher.call('bulk.recipients', { bulk, limit: 2 })
  expect(windowed).toMatchObject({ next: 'pupil1' })
  const rest = await teacher.call('bulk.recipients', { bulk, limit: 2, after: windowed.next as string })
  expect(rest.recipients).toMatchObject([{ name: 'pupil2', read: true }])
  expect((await server.admin.call('audit.list', { action: 'bulk.begun' })).records).toMatchObject([
    { actor: teacher.id, detail: { bulk, recipients: 3 } },
  ])
})

test('a retry begins nothing anew; others’ are not there; without the permission nothing begins', async () => {
  const { server, teacher, pupils } = await withTeacher(2)
  const wanted = { clientId: clientId(), to: to(pupils), text: 'once' }
  const [first, second] = await Promise.all([teacher.call('bulk.send', wanted), teacher.call('bulk.send', wanted)])
  expect(second.bulk).toBe(first.bulk)
  await whenDone(teacher, first.bulk)
  for (const pupil of pupils) expect(await textsOf(pupil)).toEqual(['once'])
  expect((await teacher.call('bulk.list', {})).bulks).toHaveLength(1)

  const [pupil] = pupils as [TestPerson]
  await expect(pupil.call('bulk.send', wanted)).rejects.toMatchObject({ code: 'forbidden' })
  for (const call of ['bulk.get', 'bulk.recipients', 'bulk.cancel'] as const) {
    const theirs = server.admin.call(call, { bulk: first.bulk })
    await expect(theirs).rejects.toMatchObject({ code: 'not_found' })
    const missing = server.admin.call(call, { bulk: crypto.randomUUID() as BulkId })
    await expect(missing).rejects.toMatchObject({ code: 'not_found' })
  }
})

test('what cannot be sent is refused before anything begins', async () => {
  const { teacher, pupils } = await withTeacher(1)
  const send = (change: object) =>
    teacher.call('bulk.send', { clientId: clientId(), to: to(pupils), text: 'x', ...change })
  for (const [change, code, about] of [
    [{ text: 'Dear {fristName}' }, 'invalid_input', 'field fristName'],
    [{ text: '  ' }, 'invalid_input', 'text is empty'],
    [{ to: to([teacher]) }, 'invalid_input', 'to'],
    [{ to: { ...to([]), people: [crypto.randomUUID() as PersonId] } }, 'not_found', 'person'],
    [{ to: { ...to([]), circles: [crypto.randomUUID()] } }, 'not_found', 'circle'],
  ] as const)
    await expect(send(change)).rejects.toMatchObject({ code, body: { error: { about } } })
  expect((await teacher.call('bulk.list', {})).bulks).toEqual([])
})

test('a class is written to by its teacher; a stranger’s class does not exist for them', async () => {
  const { server, teacher, pupils } = await withTeacher(3)
  const circle = async (name: string, people: readonly TestPerson[]) => {
    const { id } = await server.admin.call('circles.create', { name })
    await server.admin.call('circles.setMembers', { circle: id, add: people.map((one) => one.id), remove: [] })
    return id
  }
  const [mine, other] = [await circle('7b', pupils.slice(0, 2)), await circle('8a', pupils.slice(2))]
  await server.admin.call('relationships.set', {
    from: { person: teacher.id },
    kind: 'teacher-of',
    to: { circle: mine },
    fromDate: null,
    untilDate: null,
  })
  const { circles, roles } = await teacher.call('bulk.audiences', {})
  expect(circles).toEqual([{ id: mine, name: '7b', people: 2 }])
  expect(roles.find(({ id }) => id === 'member')).toMatchObject({ people: 3 })
  // Nobody is a guest.
  expect(roles.map(({ id }) => id)).not.toContain('guest')
  const audience = { people: [], circles: [mine], roles: [] }
  const { bulk } = await teacher.call('bulk.send', { clientId: clientId(), to: audience, text: 'hello' })
  expect(await whenDone(teacher, bulk)).toMatchObject({ sent: 2 })
  expect(await textsOf(pupils[2] as TestPerson)).toEqual([])
  await expect(
    teacher.call('bulk.send', { clientId: clientId(), to: { ...audience, circles: [other] }, text: 'hello' }),
  ).rejects.toMatchObject({ code: 'not_found' })
})

test('who has blocked the sender is refused and says why; the others get theirs', async () => {
  const { teacher, pupils } = await withTeacher(2)
  const [one, two] = pupils as [TestPerson, TestPerson]
  await one.call('blocks.set', { person: teacher.id, blocked: true })
  const { bulk } = await teacher.call('bulk.send', { clientId: clientId(), to: to(pupils), text: 'hello' })
  expect(await whenDone(teacher, bulk)).toMatchObject({ sent: 1, refused: 1 })
  const refused = await teacher.call('bulk.recipients', { bulk, only: 'refused' })
  expect(refused.recipients).toMatchObject([{ name: 'pupil0', why: 'not_found', conversation: null }])
  expect(await textsOf(one)).toEqual([])
  expect(await textsOf(two)).toEqual(['hello'])
})

test('those who go on in a thread, begin one, are supervised or have blocked are served side by side', async () => {
  const { server, teacher, pupils } = await withTeacher(4)
  const [known, fresh, watched, closed] = pupils as [TestPerson, TestPerson, TestPerson, TestPerson]
  const guardian = await server.person('guardian')
  for (const pupil of [known, closed]) await pupil.write(teacher, 'a question')
  await closed.call('blocks.set', { person: teacher.id, blocked: true })
  await server.admin.call('instance.changeSettings', { word_filter: ['zebra'], word_filter_action: 'report' })
  await server.admin.call('relationships.set', {
    from: { person: guardian.id },
    kind: 'teacher-of',
    to: { person: watched.id },
    fromDate: null,
    untilDate: null,
  })
  const { bulk } = await teacher.call('bulk.send', { clientId: clientId(), to: to(pupils), text: '{name}: zebra' })
  expect(await whenDone(teacher, bulk)).toMatchObject({ sent: 3, refused: 1 })
  expect((await teacher.call('bulk.recipients', { bulk, only: 'refused' })).recipients).toMatchObject([
    { name: 'pupil3', why: 'forbidden' },
  ])
  expect(await textsOf(known)).toEqual(['a question', 'Pupil0: zebra'])
  expect(await textsOf(fresh)).toEqual(['Pupil1: zebra'])
  expect(await textsOf(watched)).toEqual(['Pupil2: zebra'])
  expect(await textsOf(closed)).toEqual(['a question'])
  // Who supervises one of them reads that one, from the first word on.
  expect(await textsOf(guardian)).toEqual(['Pupil2: zebra'])
  const { rows } = await teacher.call('board.pull', { after: 0 })
  const policies = rows.flatMap(({ key, value }) =>
    key.startsWith('conversation/') ? [(value as ConversationCard).policy] : [],
  )
  expect(policies.sort()).toEqual(['managed', 'managed', 'managed', 'supervised'])
  // What was sent is reported, and what was refused is not.
  expect((await server.admin.call('reports.list', { state: 'open' })).reports).toHaveLength(3)
})

test('in quiet hours everybody waits, and what is left can be cancelled', async () => {
  const { server, teacher, pupils } = await withTeacher(2)
  const clock = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16)
  await server.admin.call('instance.changeSettings', { bulk_quiet_from: clock(-2), bulk_quiet_until: clock(2) })
  const { bulk } = await teacher.call('bulk.send', { clientId: clientId(), to: to(pupils), text: 'later' })
  const waiting = await waitUntil(teacher, bulk, (now) => now.resumesAt !== null)
  expect(waiting).toMatchObject({ state: 'sending', waiting: 2, sent: 0 })
  expect(Date.parse(waiting.resumesAt as string)).toBeGreaterThan(Date.now() + 3_600_000)
  expect(await teacher.call('bulk.cancel', { bulk })).toMatchObject({ state: 'cancelled', cancelled: 2, waiting: 0 })
  for (const pupil of pupils) expect(await textsOf(pupil)).toEqual([])
  expect((await server.admin.call('audit.list', { action: 'bulk.cancelled' })).records).toMatchObject([
    { detail: { bulk, left: 2 } },
  ])
})

async function waitUntil(person: TestPerson, bulk: BulkId, is: (now: Awaited<ReturnType<typeof whenDone>>) => boolean) {
  for (let tries = 0; tries < 100; tries++) {
    const now = await person.call('bulk.get', { bulk })
    if (is(now)) return now
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('it did not come to that')
}

test('who loses the permission half-way sends nothing more', async () => {
  const { server, teacher, pupils } = await withTeacher(2)
  const clock = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16)
  await server.admin.call('instance.changeSettings', { bulk_quiet_from: clock(-2), bulk_quiet_until: clock(2) })
  const { bulk } = await teacher.call('bulk.send', { clientId: clientId(), to: to(pupils), text: 'later' })
  await waitUntil(teacher, bulk, (now) => now.resumesAt !== null)
  await server.admin.call('people.setRole', { person: teacher.id, role: 'member' })
  await server.admin.call('instance.changeSettings', { bulk_quiet_from: '', bulk_quiet_until: '' })
  await makeDue(server)
  await server.admin.call('people.setRole', { person: teacher.id, role: 'teacher' })
  const done = await waitUntil(teacher, bulk, (now) => now.state === 'done')
  expect(done).toMatchObject({ sent: 0, refused: 2 })
  for (const pupil of pupils) expect(await textsOf(pupil)).not.toContain('later')
})

/** As if the quiet hours were over, and everybody has been tried. */
async function makeDue({ platform, admin }: TestServer) {
  const query = (sql: string) =>
    platform.db.executeQuery({ sql, parameters: [], query: { kind: 'RawNode' } } as never) as Promise<{
      rows: object[]
    }>
  await query('update bulk_recipients set due_at = now()')
  // Another message wakes the one that sends.
  const { people } = await admin.call('people.list', {})
  const others = people.filter((person) => person.id !== admin.id).slice(0, 1)
  await admin.call('bulk.send', {
    clientId: clientId(),
    to: { people: others.map((person) => person.id), circles: [], roles: [] },
    text: 'wake up',
  })
  for (let tries = 0; tries < 100; tries++) {
    if ((await query("select 1 from bulk_recipients where state = 'waiting'")).rows.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

test('fields are filled in once: a name that looks like a field stays a name', () => {
  expect(fillIn('{firstName} and {name}', { displayName: '  {name} Smith' })).toBe('{name} and   {name} Smith')
  expect(fillIn('no field, no { brace }', { displayName: 'X' })).toBe('no field, no { brace }')
})

test.each([
  // In UTC; the hours are those of the person’s day.
  ['2026-01-15T12:00:00Z', 'UTC', '20:00', '07:00', null],
  ['2026-01-15T20:00:00Z', 'UTC', '20:00', '07:00', '2026-01-16T07:00:00.000Z'],
  ['2026-01-15T06:59:30Z', 'UTC', '20:00', '07:00', '2026-01-15T07:00:00.000Z'],
  ['2026-01-15T07:00:00Z', 'UTC', '20:00', '07:00', null],
  ['2026-01-15T12:30:00Z', 'UTC', '12:00', '13:00', '2026-01-15T13:00:00.000Z'],
  ['2026-01-15T19:30:00Z', 'Europe/Paris', '20:00', '07:00', '2026-01-16T06:00:00.000Z'],
  ['2026-01-15T19:30:00Z', '', '20:00', '07:00', null],
  ['2026-01-15T23:30:00Z', 'UTC', '', '', null],
  ['2026-01-15T23:30:00Z', 'UTC', '09:00', '09:00', null],
])('at %s in %s, quiet from %s to %s: %s', (now, zone, from, until, expected) => {
  expect(quietUntil(new Date(now), zone, { from, until })?.toISOString() ?? null).toBe(expected)
})

test('whom the sender does not know looks like nobody, and the list tells no name of theirs', async () => {
  const { server, teacher, pupils } = await withTeacher(2)
  const [known, stranger] = pupils as [TestPerson, TestPerson]
  await known.write(teacher, 'hello')
  const role = { role: 'clerk', name: 'Clerk', permissions: ['bulk.send'] as const }
  await server.admin.call('roles.create', { ...role, permissions: [...role.permissions] })
  await server.admin.call('people.setRole', { person: teacher.id, role: 'clerk' })
  const nobody = { people: ['00000000-0000-7000-8000-000000000000' as PersonId], circles: [], roles: [] }
  const refusals = await Promise.allSettled(
    [to([known, stranger]), nobody].map((audience) =>
      teacher.call('bulk.send', { clientId: clientId(), to: audience, text: 'hello' }),
    ),
  )
  const [hidden, missing] = refusals.map((refusal) => (refusal.status === 'rejected' ? refusal.reason : undefined))
  expect(hidden).toMatchObject({ code: 'not_found' })
  expect(hidden).toEqual(missing)
  await teacher.call('bulk.send', { clientId: clientId(), to: to([known]), text: 'hello' })
})
