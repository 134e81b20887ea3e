import type { CircleId, ConversationId } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { superviseAll } from '#features/relationships'
import { clientId, startTestServer, type TestPerson } from '../../testing/server.ts'

const open = { fromDate: null, untilDate: null }
const dayMs = 24 * 3_600_000
/** A midnight to come: connections measure the age of their tokens by the clock of the machine. */
const midnightAt = (Math.ceil(Date.now() / dayMs) + 1) * dayMs
const [yesterday, today, tomorrow] = [-2, -1, 0].map((days) =>
  new Date(midnightAt + days * dayMs).toISOString().slice(0, 10),
) as [string, string, string]

/** Two pupils, their teacher, a guardian of one of them, and a stranger. The clock stands at a moment before midnight. */
async function withSchool() {
  const clock = { at: new Date(midnightAt - 60_000), now: () => clock.at }
  const server = await startTestServer({}, clock)
  const { admin } = server
  const names = ['pia', 'paul', 'tess', 'gus', 'sam'] as const
  const cast = {} as Record<(typeof names)[number], TestPerson>
  for (const name of names) cast[name] = await server.person(name)
  const { id: circle } = await admin.call('circles.create', { name: 'Class 3b' })
  await admin.call('circles.setMembers', { circle, add: [cast.pia.id, cast.paul.id], remove: [] })
  const bind = (from: TestPerson, kind: string, to: TestPerson | CircleId, days: object = {}) =>
    admin.call('relationships.set', {
      from: { person: from.id },
      kind,
      to: typeof to === 'string' ? { circle: to } : { person: to.id },
      ...open,
      ...days,
    })
  const midnight = () => {
    clock.at = new Date(midnightAt)
  }
  return { server, admin, ...cast, circle, bind, midnight }
}

const entriesOf = async (person: TestPerson, conversation: ConversationId) =>
  (await person.call('messages.page', { conversation })).entries.map((entry) =>
    entry.kind === 'message' ? entry.body.text : entry.kind,
  )
const cannotRead = async (person: TestPerson, conversation: ConversationId) => {
  const gone = { code: 'not_found' }
  await expect(person.call('messages.page', { conversation })).rejects.toMatchObject(gone)
  await expect(person.call('conversations.get', { conversation })).rejects.toMatchObject(gone)
  await expect(person.call('members.list', { conversation })).rejects.toMatchObject(gone)
  await expect(person.call('drafts.set', { conversation, text: 'x' })).rejects.toMatchObject(gone)
  expect((await person.call('messages.pull', { spans: [{ conversation, from: 1, to: 99 }] })).spans).toEqual([])
  expect((await person.call('conversations.heads', {})).heads.map((head) => head.conversation)).not.toContain(
    conversation,
  )
}

test('a teacher reads the threads of the pupils from the first message on, visibly; pupils read only their own', async () => {
  const { pia, paul, tess, gus, sam, circle, bind } = await withSchool()
  await bind(tess, 'teacher-of', circle)
  await bind(gus, 'guardian-of', pia)
  expect(await pia.call('threads.look', { person: sam.id })).toEqual({
    conversation: null,
    mayWrite: true,
    policy: 'supervised',
    supervisors: [
      { person: tess.id, name: 'tess', displayName: 'Tess', by: [{ kind: 'teacher-of', name: '', of: pia.id }] },
    ],
  })
  const tesss = await tess.connect()
  const { conversation } = await sam.write(pia, 'hello')
  expect((await tesss.next('entry', ({ entry }) => entry.kind === 'message')).entry).toMatchObject({
    conversation,
    sender: sam.id,
    receiver: pia.id,
  })
  expect((await tesss.next('board')).rows[0]?.value).toMatchObject({
    conversation,
    policy: 'supervised',
    role: 'reader',
    with: null,
  })
  for (const person of [sam, pia]) {
    const { card } = await person.call('conversations.get', { conversation })
    expect(card).toMatchObject({ policy: 'supervised', with: person === sam ? pia.id : sam.id })
    const { members, count } = await person.call('members.list', { conversation })
    expect(count).toBe(3)
    expect(members.map(({ name, role }) => [name, role])).toEqual([
      ['pia', 'member'],
      ['sam', 'owner'],
      ['tess', 'reader'],
    ])
  }
  const { entries } = await pia.call('messages.page', { conversation })
  expect(entries.map(({ kind }) => kind)).toEqual(['created', 'joined', 'joined', 'message'])
  expect(entries[2]).toMatchObject({ sender: tess.id, body: { person: tess.id, members: 3, role: 'reader' } })
  expect(entries[2]).not.toHaveProperty('receiver')
  // Read, not written.
  expect(await entriesOf(tess, conversation)).toEqual(['joined', 'hello'])
  await expect(tess.call('messages.send', { conversation, clientId: clientId(), text: 'stop' })).rejects.toMatchObject({
    code: 'forbidden',
  })
  for (const outsider of [paul, gus]) await cannotRead(outsider, conversation)

  // Both are pupils of hers: she is seated once, by two reasons. With herself there is nobody to supervise.
  const { supervisors } = await pia.call('threads.look', { person: paul.id })
  expect(supervisors.map(({ by }) => by.map(({ of }) => of).sort())).toEqual([[pia.id, paul.id].sort()])
  const own = await tess.write(pia, 'a word')
  expect((await pia.call('conversations.get', { conversation: own.conversation })).card.policy).toBe('managed')
  await cannotRead(paul, own.conversation)
})

test('what a supervisor has read is nobody’s receipt', async () => {
  const { pia, sam, tess, circle, bind } = await withSchool()
  await bind(tess, 'teacher-of', circle)
  const { conversation, place } = await sam.write(pia, 'hello')
  const sams = await sam.connect()
  await tess.call('receipts.read', { conversation, place })
  await pia.call('receipts.delivered', { conversation, place })
  expect((await sams.next('receipt')).receipt).toMatchObject({ person: pia.id })
  expect((await sam.call('conversations.get', { conversation })).head.receipts.map(({ person }) => person)).toEqual([
    pia.id,
  ])
  expect((await tess.call('conversations.get', { conversation })).head.receipts).toHaveLength(2)
})

test('a rule that begins later: supervised threads get the supervisor from there on, others stay as they were made', async () => {
  const { pia, paul, sam, tess, gus, circle, bind, admin } = await withSchool()
  const before = await sam.write(paul, 'between us')
  await bind(tess, 'teacher-of', pia)
  const supervised = await sam.write(pia, 'first')
  await bind(gus, 'teacher-of', circle)
  await sam.write(pia, 'second')
  await sam.write(paul, 'still between us')

  expect(await entriesOf(gus, supervised.conversation)).toEqual(['joined', 'second'])
  expect(await entriesOf(pia, supervised.conversation)).toEqual([
    'created',
    'joined',
    'joined',
    'first',
    'joined',
    'second',
  ])
  await cannotRead(gus, before.conversation)
  expect(await sam.call('threads.look', { person: paul.id })).toMatchObject({ policy: 'managed', supervisors: [] })
  // The admin is told.
  expect(await admin.call('policy.simulate', { from: sam.id, to: paul.id })).toMatchObject({
    policy: 'supervised',
    thread: { conversation: before.conversation, policy: 'managed' },
    readers: [{ name: 'sam' }, { name: 'paul' }],
  })
})

test('who no longer supervises is out at once, on every way: the rule ended, the circle left, the kind changed, a file', async () => {
  const { pia, sam, tess, circle, bind, admin } = await withSchool()
  const { conversation } = await (async () => {
    await bind(tess, 'teacher-of', circle)
    return sam.write(pia, 'hello')
  })()
  const kind = { kind: 'teacher-of', name: '', backName: '', find: 'both', start: 'both' } as const
  const relationship = async () =>
    (await admin.call('relationships.list', { kind: 'teacher-of' })).relationships[0]?.id as never
  const file = (until: string) =>
    admin.call('relationships.import', {
      csv: `from,kind,to,until_date\ntess,teacher-of,circle:Class 3b,${until}`,
      apply: true,
    })
  const ways: [() => Promise<unknown>, () => Promise<unknown>][] = [
    [
      async () => admin.call('relationships.end', { relationship: await relationship() }),
      () => bind(tess, 'teacher-of', circle),
    ],
    [
      () => admin.call('circles.setMembers', { circle, add: [], remove: [pia.id] }),
      () => admin.call('circles.setMembers', { circle, add: [pia.id], remove: [] }),
    ],
    [
      () => admin.call('relationships.changeKind', { ...kind, supervises: false }),
      () => admin.call('relationships.changeKind', { ...kind, supervises: true }),
    ],
    [() => file(yesterday), () => file('')],
    [() => bind(tess, 'teacher-of', circle, { fromDate: tomorrow }), () => bind(tess, 'teacher-of', circle)],
    [() => admin.call('circles.delete', { circle }), () => bind(tess, 'teacher-of', pia)],
  ]
  const tesss = await tess.connect()
  for (const [index, [stop, begin]] of ways.entries()) {
    expect(await entriesOf(tess, conversation), `before way ${index}`).toContain('joined')
    await stop()
    await cannotRead(tess, conversation)
    await sam.write(pia, `secret ${index}`)
    // What she would have heard came before this answer, on the same connection.
    await tesss.call('people.me', {})
    await begin()
    await sam.write(pia, `open ${index}`)
    await tesss.next('entry', ({ entry }) => entry.kind === 'message' && entry.body.text === `open ${index}`)
    expect(await entriesOf(tess, conversation)).toEqual(['joined', `open ${index}`])
  }
  expect(JSON.stringify(tesss.pushed)).not.toContain('secret')
  expect(await entriesOf(pia, conversation)).toContain('secret 0')
  expect((await admin.call('audit.list', { action: 'member.removed', person: tess.id })).records).toHaveLength(
    ways.length,
  )
})

test('a supervisor reads to the end of the last day, and nothing after it', async () => {
  const { server, pia, sam, tess, gus, bind, midnight } = await withSchool()
  await bind(tess, 'teacher-of', pia, { untilDate: today })
  await bind(gus, 'teacher-of', pia, { fromDate: tomorrow })
  const { conversation } = await sam.write(pia, 'today')
  expect(await entriesOf(tess, conversation)).toEqual(['joined', 'today'])
  await cannotRead(gus, conversation)
  expect((await sam.call('threads.look', { person: pia.id })).supervisors.map(({ name }) => name)).toEqual(['tess'])

  // Before anybody has looked at the date, reading is over.
  midnight()
  await cannotRead(tess, conversation)
  const [tesss, guss] = [await tess.connect(), await gus.connect()]
  await superviseAll(server.platform)
  await superviseAll(server.platform)
  await sam.write(pia, 'tomorrow')
  await guss.next('entry', ({ entry }) => entry.kind === 'message')
  await tesss.call('people.me', {})
  expect(JSON.stringify(tesss.pushed)).not.toContain('"kind":"message"')
  expect(await entriesOf(gus, conversation)).toEqual(['joined', 'tomorrow'])
  expect(await entriesOf(pia, conversation)).toEqual([
    'created',
    'joined',
    'joined',
    'today',
    'left',
    'joined',
    'tomorrow',
  ])
  expect(
    (await tess.call('board.pull', { after: 0 })).rows.find(({ key }) => key.includes(conversation))?.value,
  ).toBeNull()
})

test('an open socket of a supervisor falls silent at the end of the day', async () => {
  const { server, pia, sam, tess, bind, midnight } = await withSchool()
  await bind(tess, 'teacher-of', pia, { untilDate: today })
  const tesss = await tess.connect()
  const { conversation } = await sam.write(pia, 'today')
  await tesss.next('entry', ({ entry }) => entry.kind === 'message')
  midnight()
  await superviseAll(server.platform)
  await sam.write(pia, 'tomorrow')
  await tesss.call('people.me', {})
  expect(JSON.stringify(tesss.pushed)).not.toContain('tomorrow')
  await cannotRead(tess, conversation)
})

test('a seat for whoever comes: supervised from the start, and decided again when the two are known', async () => {
  const { pia, paul, sam, tess, gus, bind } = await withSchool()
  await bind(tess, 'teacher-of', pia)
  await bind(gus, 'teacher-of', paul)
  const { conversation } = await pia.call('threads.open', { clientId: clientId() })
  await pia.call('messages.send', { conversation, clientId: clientId(), text: 'for whoever comes' })
  expect(await entriesOf(tess, conversation)).toEqual(['joined', 'for whoever comes'])
  // To read is not to invite.
  await expect(tess.call('threads.invite', { conversation, expiresInHours: 1 })).rejects.toMatchObject({
    code: 'forbidden',
  })
  await sam.call('threads.join', { conversation })
  await expect(tess.call('threads.answer', { conversation, person: sam.id, admit: true })).rejects.toMatchObject({
    code: 'not_found',
  })
  const { invitation } = await pia.call('threads.invite', { conversation, expiresInHours: 1 })
  await paul.call('threads.join', { conversation, invitation })
  await pia.write(paul, 'welcome')
  expect(await entriesOf(gus, conversation)).toEqual(['joined', 'welcome'])
  expect((await paul.call('members.list', { conversation })).members.map(({ name, role }) => [name, role])).toEqual([
    ['gus', 'reader'],
    ['paul', 'member'],
    ['pia', 'owner'],
    ['tess', 'reader'],
  ])

  // One made without supervision becomes supervised with the second, before either has heard the other.
  const second = await sam.call('threads.open', { clientId: clientId() })
  const link = await sam.call('threads.invite', { conversation: second.conversation, expiresInHours: 1 })
  await paul.call('threads.join', { conversation: second.conversation, invitation: link.invitation })
  for (const person of [sam, paul, gus])
    expect((await person.call('conversations.get', { conversation: second.conversation })).card.policy).toBe(
      'supervised',
    )
})

test('a supervisor who takes the free seat is one of the two from then on', async () => {
  const { pia, tess, bind } = await withSchool()
  await bind(tess, 'teacher-of', pia)
  const { conversation } = await pia.call('threads.open', { clientId: clientId() })
  const { invitation } = await pia.call('threads.invite', { conversation, expiresInHours: 1 })
  expect(await tess.call('threads.join', { conversation, invitation })).toEqual({ state: 'joined', conversation })
  expect(await tess.write(pia, 'here I am')).toMatchObject({ conversation })
  expect((await tess.call('conversations.get', { conversation })).card).toMatchObject({ role: 'member', with: pia.id })
})

test('threads that begin while rules change are seen by one or the other', async () => {
  const { pia, sam, tess, gus, paul, bind, admin } = await withSchool()
  const rules = await Promise.all([tess, gus].map((person) => bind(person, 'teacher-of', pia)))
  const started = await Promise.all([
    ...rules.map(({ id }) => admin.call('relationships.end', { relationship: id })),
    ...[sam, paul].map((person) => person.write(pia, 'hello')),
  ])
  for (const reply of started.slice(2)) {
    const { members } = await pia.call('members.list', {
      conversation: (reply as { conversation: ConversationId }).conversation,
    })
    expect(members.filter(({ role }) => role === 'reader')).toEqual([])
  }
})

test('the simulator tells what is allowed, by what and through what, and who could read; asking is on record', async () => {
  const { admin, pia, paul, tess, gus, sam, circle, bind } = await withSchool()
  await admin.call('people.setRole', { person: pia.id, role: 'guest' })
  const teaches = await bind(tess, 'teacher-of', circle)
  const late = await bind(gus, 'guardian-of', pia, { untilDate: yesterday })
  const early = await bind(gus, 'care-team-of', pia, { fromDate: tomorrow })

  const asked = await admin.call('policy.simulate', { from: pia.id, to: gus.id })
  expect(asked.find.allowed).toBe(false)
  expect(asked.find.reasons).toEqual([
    {
      rule: 'role',
      says: 'does_not_grant',
      role: 'guest',
      permission: 'people.browse',
      relationship: null,
      forward: true,
    },
    { rule: 'relationship', says: 'expired', role: null, permission: null, relationship: late, forward: false },
    { rule: 'relationship', says: 'not_yet', role: null, permission: null, relationship: early, forward: false },
  ])
  expect(asked).toMatchObject({ start: { allowed: false }, policy: 'supervised', thread: null, organisation: true })
  expect(asked.readers.map(({ name, as, by }) => [name, as, by.map(({ relationship }) => relationship)])).toEqual([
    ['pia', 'member', []],
    ['gus', 'member', []],
    ['tess', 'supervisor', [teaches]],
  ])

  const withTeacher = await admin.call('policy.simulate', { from: pia.id, to: tess.id })
  expect(withTeacher).toMatchObject({
    find: {
      allowed: true,
      reasons: [{ says: 'does_not_grant' }, { says: 'grants', relationship: { to: { name: 'Class 3b' } } }],
    },
    start: { allowed: true },
    policy: 'managed',
  })
  const { conversation } = await sam.write(paul, 'hello')
  expect(await admin.call('policy.simulate', { from: paul.id, to: sam.id })).toMatchObject({
    find: { allowed: true, reasons: [{ rule: 'role', says: 'grants', role: 'member' }] },
    thread: { conversation, policy: 'supervised' },
    readers: [{ name: 'paul' }, { name: 'sam' }, { name: 'tess', as: 'supervisor' }],
  })
  const { records } = await admin.call('audit.list', { action: 'policy.asked' })
  expect(records.map(({ person, detail }) => [person, detail])).toEqual([
    [paul.id, { to: sam.id }],
    [pia.id, { to: tess.id }],
    [pia.id, { to: gus.id }],
  ])
  await expect(tess.call('policy.simulate', { from: pia.id, to: gus.id })).rejects.toMatchObject({ code: 'forbidden' })
})

test('the simulator gives each reason once, also where a relationship binds the two on both ways', async () => {
  const { admin, pia, paul, tess, circle } = await withSchool()
  const always = { fromDate: null, untilDate: null }
  await admin.call('relationships.set', { from: { person: tess.id }, kind: 'teacher-of', to: { circle }, ...always })
  await admin.call('relationships.set', { from: { circle }, kind: 'care-team-of', to: { circle }, ...always })
  const { find, start, readers } = await admin.call('policy.simulate', { from: pia.id, to: paul.id })
  for (const { reasons } of [find, start]) expect(reasons.map(({ rule }) => rule)).toEqual(['role', 'relationship'])
  expect(readers.map(({ name, by }) => [name, by.length])).toEqual([
    ['pia', 0],
    ['paul', 0],
    ['tess', 1],
  ])
})
