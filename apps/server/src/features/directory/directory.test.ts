import { randomUUID } from 'node:crypto'
import type { CircleId, PersonId } from '@sotto/protocol'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { clientId, startTestServer, type TestPerson, type TestServer } from '../../testing/server.ts'

const open = { fromDate: null, untilDate: null }

/** A school: guests find and write to nobody unless a relationship says so. */
async function withSchool() {
  const server = await startTestServer()
  const names = ['pia', 'paul', 'tess', 'gus', 'sam'] as const
  const cast = {} as Record<(typeof names)[number], TestPerson>
  for (const name of names) {
    cast[name] = await server.person(name)
    await server.admin.call('people.setRole', { person: cast[name].id, role: 'guest' })
  }
  const bind = async (from: TestPerson, kind: string, to: TestPerson | CircleId, days: object = {}) =>
    server.admin.call('relationships.set', {
      from: { person: from.id },
      kind,
      to: typeof to === 'string' ? { circle: to } : { person: to.id },
      ...open,
      ...days,
    })
  const found = async (person: TestPerson) => (await person.call('people.list', {})).people.map(({ name }) => name)
  return { server, ...cast, bind, found }
}

async function circleOf({ admin }: TestServer, ...people: TestPerson[]): Promise<CircleId> {
  const { id } = await admin.call('circles.create', { name: `Circle ${randomUUID()}` })
  await admin.call('circles.setMembers', { circle: id, add: people.map((person) => person.id), remove: [] })
  return id
}

test('who may not browse finds exactly those whom a relationship shows them, and everybody else looks missing', async () => {
  const { server, pia, paul, tess, gus, sam, bind, found } = await withSchool()
  expect(await found(pia)).toEqual([])
  const relationship = await bind(tess, 'teacher-of', await circleOf(server, pia, paul))
  await bind(gus, 'guardian-of', pia)
  expect(await found(tess)).toEqual(['paul', 'pia'])
  expect(await found(pia)).toEqual(['gus', 'tess'])
  expect(await found(paul)).toEqual(['tess'])
  expect(await found(sam)).toEqual([])
  expect((await tess.call('people.list', { prefix: 'PI' })).people).toMatchObject([{ name: 'pia' }])
  expect(await tess.call('people.list', { limit: 1 })).toMatchObject({ people: [{ name: 'paul' }], next: 'paul' })

  const missing = randomUUID() as PersonId
  const asked = { people: [pia.id, paul.id, tess.id, sam.id, missing] }
  const profiles = async (person: TestPerson) => (await person.call('people.get', asked)).people.map(({ name }) => name)
  expect((await profiles(pia)).sort()).toEqual(['pia', 'tess'])
  expect((await profiles(tess)).sort()).toEqual(['paul', 'pia', 'tess'])
  // A member of the instance browses.
  expect(await found(server.admin)).toHaveLength(6)

  const start = (from: TestPerson, person: PersonId) =>
    from.call('threads.start', { person, clientId: clientId(), text: 'hello' })
  for (const person of [paul.id, missing])
    await expect(start(pia, person)).rejects.toMatchObject({
      body: { error: { code: 'not_found', about: 'person' } },
    })
  for (const person of [paul.id, missing])
    await expect(pia.call('threads.look', { person })).rejects.toMatchObject({
      body: { error: { code: 'not_found', about: 'person' } },
    })

  await server.admin.call('relationships.end', { relationship: relationship.id })
  expect(await found(tess)).toEqual([])
  expect(await found(pia)).toEqual(['gus'])
})

test('a relationship of yesterday or tomorrow does nothing', async () => {
  const { pia, paul, tess, bind, found } = await withSchool()
  const day = (offset: number) => new Date(Date.now() + offset * 24 * 3_600_000).toISOString().slice(0, 10)
  await bind(tess, 'guardian-of', pia, { untilDate: day(-1) })
  await bind(tess, 'guardian-of', paul, { fromDate: day(1) })
  expect(await found(tess)).toEqual([])
  expect(await found(pia)).toEqual([])
  await expect(tess.write(pia, 'late')).rejects.toMatchObject({ code: 'not_found' })
  await expect(paul.write(tess, 'early')).rejects.toMatchObject({ code: 'not_found' })
  await bind(tess, 'guardian-of', pia, { untilDate: day(1) })
  expect(await found(tess)).toEqual(['pia'])
  await tess.write(pia, 'in time')
})

test('one may find without being allowed to begin; an answer in a thread that exists is always possible', async () => {
  const { server, pia, tess, bind } = await withSchool()
  await server.admin.call('relationships.makeKind', {
    kind: 'coach-of',
    name: 'coach of',
    backName: 'coached by',
    find: 'both',
    start: 'forward',
    supervises: false,
  })
  const { id } = await bind(tess, 'coach-of', pia)
  await expect(pia.write(tess, 'may I?')).rejects.toMatchObject({
    body: { error: { code: 'forbidden', about: 'threads.start' } },
  })
  expect(await pia.call('threads.look', { person: tess.id })).toEqual({
    conversation: null,
    mayWrite: false,
    policy: null,
    supervisors: [],
  })
  expect(await tess.call('threads.look', { person: pia.id })).toMatchObject({ mayWrite: true, policy: 'managed' })
  const { conversation } = await tess.write(pia, 'hello')
  expect(await pia.write(tess, 'hello yourself')).toMatchObject({ conversation })
  expect(await pia.call('threads.look', { person: tess.id })).toMatchObject({ conversation, mayWrite: true })

  await server.admin.call('relationships.end', { relationship: id })
  // They have a conversation: each goes on in it and sees who the other is, but finds them nowhere.
  expect(await tess.write(pia, 'still here')).toMatchObject({ conversation })
  expect((await pia.call('people.get', { people: [tess.id] })).people).toMatchObject([{ name: 'tess' }])
  expect((await pia.call('people.list', {})).people).toEqual([])
})

test('people are added to groups only by those who may find them', async () => {
  const { server, pia, paul, tess, sam, bind } = await withSchool()
  await server.admin.call('roles.create', { role: 'organiser', name: 'Organiser', permissions: ['groups.create'] })
  await server.admin.call('people.setRole', { person: tess.id, role: 'organiser' })
  await bind(tess, 'guardian-of', pia)
  const group = (people: TestPerson[]) =>
    tess.call('groups.create', { clientId: clientId(), name: 'Trip', people: people.map((person) => person.id) })
  await expect(group([pia, sam])).rejects.toMatchObject({ code: 'not_found' })
  const { conversation } = (await group([pia])).card
  const add = (by: TestPerson, person: TestPerson) => by.call('members.add', { conversation, people: [person.id] })
  await expect(add(tess, paul)).rejects.toMatchObject({ code: 'not_found' })
  await bind(tess, 'guardian-of', paul)
  expect(await add(tess, paul)).toEqual({ added: [paul.id] })

  // Those in one conversation know of each other, also of somebody whose words are still in it.
  const known = async (person: TestPerson, of: TestPerson) =>
    (await person.call('people.get', { people: [of.id] })).people.length === 1
  expect([await known(pia, paul), await known(paul, pia), await known(pia, sam)]).toEqual([true, true, false])
  await tess.call('members.remove', { conversation, person: paul.id })
  expect([await known(pia, paul), await known(paul, pia)]).toEqual([true, false])
  // To know somebody is not to find them.
  await expect(pia.call('groups.create', { clientId: clientId(), name: 'X', people: [paul.id] })).rejects.toMatchObject(
    {
      code: 'forbidden',
    },
  )
})

test('the presence and the picture of somebody one does not know are those of nobody', async () => {
  const { server, pia, paul, tess, bind } = await withSchool()
  await bind(tess, 'teacher-of', pia)
  const bearer = (person: TestPerson) => ({ authorization: `Bearer ${person.signedIn.accessToken}` })
  const black = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'black' } })
    .png()
    .toBuffer()
  const put = await fetch(`${server.url}/api/v1/me/picture`, {
    method: 'PUT',
    headers: { ...bearer(pia), 'content-type': 'image/png' },
    body: new Uint8Array(black),
  })
  expect(put.status).toBe(200)
  await pia.connect()

  const seenBy = async (person: TestPerson) => {
    const socket = await person.connect()
    const [state] = (await socket.call('presence.watch', { people: [pia.id] })).people
    const picture = await fetch(`${server.url}/api/v1/people/${pia.id}/picture`, { headers: bearer(person) })
    return [state?.state, picture.status]
  }
  expect(await seenBy(tess)).toEqual(['online', 200])
  expect(await seenBy(paul)).toEqual(['offline', 404])
})
