import { randomUUID } from 'node:crypto'
import type { CircleId, PersonId, RelationshipId } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { startTestServer, type TestPerson, type TestServer } from '../../testing/server.ts'

const open = { fromDate: null, untilDate: null }
const missing = randomUUID()

async function withCircle(server: TestServer, name: string, people: readonly TestPerson[]): Promise<CircleId> {
  const { id } = await server.admin.call('circles.create', { name })
  await server.admin.call('circles.setMembers', { circle: id, add: people.map((person) => person.id), remove: [] })
  return id
}

test('circles are made, renamed, filled, emptied and deleted, and each person sees their own', async () => {
  const server = await startTestServer()
  const { admin } = server
  const [pia, paul] = [await server.person('pia'), await server.person('paul')]
  const circle = await withCircle(server, 'Class 3b', [pia, paul])
  await withCircle(server, 'Chess', [paul])
  await expect(admin.call('circles.create', { name: ' class 3B ' })).rejects.toMatchObject({ code: 'name_taken' })
  await expect(admin.call('circles.rename', { circle, name: 'chess' })).rejects.toMatchObject({ code: 'name_taken' })
  expect(await admin.call('circles.rename', { circle, name: 'Class 4b' })).toMatchObject({
    name: 'Class 4b',
    members: 2,
  })
  expect((await admin.call('circles.list', { find: 'CLASS' })).circles).toEqual([
    { id: circle, name: 'Class 4b', members: 2 },
  ])

  const first = await admin.call('circles.list', { limit: 1 })
  expect(first).toMatchObject({ circles: [{ name: 'Chess' }], next: 'Chess' })
  expect((await admin.call('circles.list', { limit: 1, after: first.next as string })).circles).toMatchObject([
    { name: 'Class 4b' },
  ])
  const window = await admin.call('circles.members', { circle, limit: 1 })
  expect(window).toMatchObject({ members: [{ person: paul.id, displayName: 'Paul' }], count: 2, next: 'paul' })
  expect((await admin.call('circles.members', { circle, after: 'paul' })).members).toMatchObject([{ name: 'pia' }])

  expect((await pia.call('circles.mine', {})).circles).toEqual([{ id: circle, name: 'Class 4b' }])
  expect((await paul.call('circles.mine', {})).circles.map(({ name }) => name)).toEqual(['Chess', 'Class 4b'])
  await admin.call('circles.setMembers', { circle, add: [], remove: [pia.id] })
  expect((await pia.call('circles.mine', {})).circles).toEqual([])

  await expect(
    admin.call('circles.setMembers', { circle, add: [missing as PersonId], remove: [] }),
  ).rejects.toMatchObject({ code: 'not_found' })
  await admin.call('circles.delete', { circle })
  await expect(admin.call('circles.members', { circle })).rejects.toMatchObject({ code: 'not_found' })
  expect((await paul.call('circles.mine', {})).circles.map(({ name }) => name)).toEqual(['Chess'])
})

test('kinds are built in or made; what a built-in one is called and whether it exists is fixed', async () => {
  const server = await startTestServer()
  const { admin } = server
  const effects = { find: 'forward', start: 'forward', supervises: false } as const
  const looks = { name: 'mentor of', backName: 'mentee of', ...effects }
  const wanted = { kind: 'mentor-of', ...looks }
  expect(await admin.call('relationships.makeKind', wanted)).toEqual({ id: 'mentor-of', ...looks, builtIn: false })
  await expect(admin.call('relationships.makeKind', wanted)).rejects.toMatchObject({ code: 'name_taken' })
  const { kinds } = await admin.call('relationships.kinds', {})
  expect(kinds.map(({ id, supervises, builtIn }) => [id, supervises, builtIn])).toEqual([
    ['care-team-of', false, true],
    ['guardian-of', false, true],
    ['mentor-of', false, false],
    ['teacher-of', true, true],
  ])
  const { id: kind, ...rest } = wanted
  expect(
    await admin.call('relationships.changeKind', { kind: 'guardian-of', ...rest, supervises: true }),
  ).toMatchObject({ id: 'guardian-of', name: '', backName: '', find: 'forward', supervises: true, builtIn: true })
  await expect(admin.call('relationships.deleteKind', { kind: 'guardian-of' })).rejects.toMatchObject({
    code: 'forbidden',
  })

  const pia = await server.person('pia')
  const { id } = await admin.call('relationships.set', {
    from: { person: admin.id },
    kind,
    to: { person: pia.id },
    ...open,
  })
  await expect(admin.call('relationships.deleteKind', { kind })).rejects.toMatchObject({ code: 'conflict' })
  await admin.call('relationships.end', { relationship: id })
  await admin.call('relationships.deleteKind', { kind })
  await expect(admin.call('relationships.changeKind', { kind, ...rest })).rejects.toMatchObject({ code: 'not_found' })
})

test('a relationship is set, set again, listed by what it names, and ended', async () => {
  const server = await startTestServer()
  const { admin } = server
  const [tess, pia] = [await server.person('tess'), await server.person('pia')]
  const circle = await withCircle(server, 'Class 3b', [pia])
  const teaches = { from: { person: tess.id }, kind: 'teacher-of', to: { circle } }
  const once = await admin.call('relationships.set', { ...teaches, ...open })
  expect(once).toMatchObject({ from: { name: 'tess', displayName: 'Tess' }, to: { circle, name: 'Class 3b' } })
  const again = await admin.call('relationships.set', { ...teaches, fromDate: '2026-01-01', untilDate: '2026-07-31' })
  expect(again).toEqual({ ...once, fromDate: '2026-01-01', untilDate: '2026-07-31' })
  const second = await admin.call('relationships.set', {
    from: { circle },
    kind: 'guardian-of',
    to: { person: tess.id },
    ...open,
  })

  const listed = async (filter: object) =>
    (await admin.call('relationships.list', filter)).relationships.map(({ id }) => id)
  expect(await listed({})).toEqual([second.id, once.id])
  expect(await listed({ person: tess.id })).toEqual([second.id, once.id])
  expect(await listed({ person: pia.id })).toEqual([])
  expect(await listed({ circle, kind: 'teacher-of' })).toEqual([once.id])
  const window = await admin.call('relationships.list', { limit: 1 })
  expect(window.next).toBe(second.id)
  expect(await listed({ limit: 1, after: window.next })).toEqual([once.id])

  await admin.call('relationships.end', { relationship: second.id })
  expect(await listed({})).toEqual([once.id])
  expect(await admin.call('circles.delete', { circle })).toEqual({ relationships: 1 })
  expect(await listed({})).toEqual([])

  const deeds = async (action: 'relationship.set' | 'relationship.circle') =>
    (await admin.call('audit.list', { action })).records.map(({ actor, detail }) => [actor, detail])
  expect(await deeds('relationship.set')).toMatchObject([
    [admin.id, { ended: true, relationship: second.id }],
    [admin.id, { kind: 'guardian-of' }],
    [admin.id, { until_date: '2026-07-31' }],
    [admin.id, { kind: 'teacher-of', until_date: null }],
  ])
  expect(await deeds('relationship.circle')).toHaveLength(3)
})

test('a relationship that makes no sense is refused', async () => {
  const server = await startTestServer()
  const pia = await server.person('pia')
  const fine = { from: { person: server.admin.id }, kind: 'teacher-of', to: { person: pia.id }, ...open }
  for (const [wrong, code] of [
    [{ to: { person: server.admin.id } }, 'invalid_input'],
    [{ fromDate: '2026-02-30' }, 'invalid_input'],
    [{ fromDate: '2026-03-02', untilDate: '2026-03-01' }, 'invalid_input'],
    [{ kind: 'friend-of' }, 'not_found'],
    [{ to: { person: missing as PersonId } }, 'not_found'],
    [{ from: { circle: missing as CircleId } }, 'not_found'],
  ] as const)
    await expect(server.admin.call('relationships.set', { ...fine, ...wrong })).rejects.toMatchObject({ code })
  await expect(
    server.admin.call('relationships.end', { relationship: missing as RelationshipId }),
  ).rejects.toMatchObject({ code: 'not_found' })
  expect((await server.admin.call('relationships.list', {})).relationships).toEqual([])
  expect(await server.admin.call('relationships.set', fine)).toMatchObject({ kind: 'teacher-of' })
})
