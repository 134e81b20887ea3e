import { randomUUID } from 'node:crypto'
import type { PersonId } from '@sotto/protocol'
import { maxPictureBytes } from '@sotto/protocol/pure'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { makeThread, startTestServer, type TestPerson, type TestServer } from '../../testing/server.ts'

function putPicture(server: TestServer, person: TestPerson, bytes: Uint8Array<ArrayBuffer>, type = 'image/png') {
  return fetch(`${server.url}/api/v1/me/picture`, {
    method: 'PUT',
    headers: { 'content-type': type, authorization: `Bearer ${person.signedIn.accessToken}` },
    body: bytes,
  })
}

function getPicture(server: TestServer, person: TestPerson, of: PersonId) {
  return fetch(`${server.url}/api/v1/people/${of}/picture`, {
    headers: { authorization: `Bearer ${person.signedIn.accessToken}` },
  })
}

test('the directory is in the order of names, page by page, and found by the start of a name or word', async () => {
  const server = await startTestServer()
  for (const name of ['carla', 'anna', 'ben.a', 'bernd']) await server.person(name)
  const names = async (input: { prefix?: string; after?: string; limit?: number }) => {
    const { people, next } = await server.admin.call('people.list', input)
    return [people.map((person) => person.name), next]
  }
  expect(await names({})).toEqual([['anna', 'ben.a', 'bernd', 'carla', 'rita'], null])
  expect(await names({ limit: 2 })).toEqual([['anna', 'ben.a'], 'ben.a'])
  expect(await names({ limit: 2, after: 'ben.a' })).toEqual([['bernd', 'carla'], 'carla'])
  expect(await names({ prefix: 'BE' })).toEqual([['ben.a', 'bernd'], null])
  expect(await names({ prefix: '%' })).toEqual([[], null])
  await server.admin.call('people.updateProfile', { displayName: 'Rita von Bern' })
  expect(await names({ prefix: 'bern' })).toEqual([['bernd', 'rita'], null])
})

test('a changed profile is shown to those who share a conversation, and not to others', async () => {
  const server = await startTestServer()
  const [alice, bob, carol] = [await server.person('alice'), await server.person('bob'), await server.person('carol')]
  await makeThread(alice, bob)
  const [bobs, carols] = [await bob.connect(), await carol.connect()]
  await alice.call('people.updateProfile', {
    displayName: 'Alice Liddell',
    status: 'down a hole',
    timeZone: 'Europe/London',
  })
  expect((await bobs.next('person')).person).toMatchObject({
    displayName: 'Alice Liddell',
    status: 'down a hole',
    timeZone: 'Europe/London',
  })
  await carols.call('people.me', {})
  expect(carols.pushed).toEqual([])
})

test('names and time zones that are none are refused', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  for (const change of [
    { displayName: '' },
    { displayName: 'a\nb' },
    { displayName: 'x'.repeat(65) },
    { timeZone: 'Middle/Earth' },
    { displayName: '\ud800' },
  ])
    await expect(alice.call('people.updateProfile', change), JSON.stringify(change)).rejects.toMatchObject({
      code: 'invalid_input',
    })
  const sign = (name: string) =>
    server.anonymous.call('people.signUp', {
      name,
      displayName: 'X',
      password: 'correct horse',
      device: 'd',
      keep: 'token',
      invitation: 'x'.repeat(20),
    })
  for (const name of ['A', 'a', '-a', 'a b', 'é', 'admin\u0000', 'x'.repeat(33)])
    await expect(sign(name), name).rejects.toMatchObject({ code: 'invalid_input' })
})

test('a picture becomes a small square without what the camera knew, and everyone signed in may see it', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  await makeThread(alice, bob)
  const bobs = await bob.connect()
  const photo = await sharp({ create: { width: 900, height: 600, channels: 3, background: '#468' } })
    .withExif({ IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' }, IFD0: { Make: 'Canary' } })
    .jpeg()
    .toBuffer()
  expect(photo.includes('Canary')).toBe(true)
  const answer = await putPicture(server, alice, new Uint8Array(photo), 'image/jpeg')
  expect(answer.status).toBe(200)
  const { picture } = (await answer.json()) as { picture: string }
  expect((await bobs.next('person')).person.picture).toBe(picture)

  const shown = await getPicture(server, bob, alice.id)
  const bytes = Buffer.from(await shown.arrayBuffer())
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 256, height: 256 })
  expect(bytes.includes('Canary')).toBe(false)
  expect(shown.headers.get('content-security-policy')).toContain('sandbox')

  await alice.call('people.removePicture', {})
  expect((await getPicture(server, bob, alice.id)).status).toBe(404)
})

test('what is not a picture is refused, and what is hidden and what is missing look the same', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  const svg = new TextEncoder().encode(
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>',
  )
  const bomb = await sharp({ create: { width: 12_000, height: 12_000, channels: 3, background: 'red' } })
    .png({ compressionLevel: 9 })
    .toBuffer()
  const cases: [Uint8Array<ArrayBuffer>, string, number][] = [
    [new TextEncoder().encode('not a picture'), 'image/png', 400],
    [svg, 'image/svg+xml', 415],
    [new Uint8Array(bomb), 'image/png', 400],
    [new Uint8Array(maxPictureBytes + 1), 'image/png', 413],
    [new TextEncoder().encode('{}'), 'application/json', 415],
  ]
  for (const [bytes, type, status] of cases)
    expect((await putPicture(server, alice, bytes, type)).status, type).toBe(status)
  expect((await getPicture(server, alice, randomUUID() as PersonId)).status).toBe(404)
  expect((await getPicture(server, alice, alice.id)).status).toBe(404)
  expect((await alice.call('people.me', {})).picture).toBeNull()
})

test('admins give roles, and the last one keeps theirs', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  await expect(server.admin.call('people.setRole', { person: server.admin.id, role: 'member' })).rejects.toMatchObject({
    code: 'conflict',
  })
  await server.admin.call('people.setRole', { person: alice.id, role: 'admin' })
  // Two admins who demote each other at the same moment: one stays.
  const results = await Promise.allSettled([
    server.admin.call('people.setRole', { person: alice.id, role: 'member' }),
    alice.call('people.setRole', { person: server.admin.id, role: 'member' }),
  ])
  expect(results.filter((result) => result.status === 'fulfilled').length).toBe(1)
})

test('a display name is seen, in any script, and turns no other text around', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  const rename = (displayName: string) => alice.call('people.updateProfile', { displayName })
  for (const name of [
    '   ',
    '\u200b\u200d',
    'ali\u202egpj',
    '\u2067ecila',
    'a\u2028b',
    'a\u0085b',
    'a\u0000b',
    '\ud800',
  ])
    await expect(rename(name), JSON.stringify(name)).rejects.toMatchObject({ code: 'invalid_input' })
  for (const name of ['עליזה', 'אליס\u200f (א)', '爱丽丝', '👩‍🏫', 'Ömür', '.']) {
    const { displayName } = await rename(` ${name} `)
    expect(displayName).toBe(name)
  }
})
