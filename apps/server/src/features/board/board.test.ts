import { expect, test } from 'vitest'
import { makeThread, startTestServer } from '../../testing/server.ts'

test('what concerns one person is on all their devices, in the order of its revisions, and on nobody else’s', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const conversation = await makeThread(alice, bob)
  const [phone, bobs] = [await alice.connect(), await bob.connect()]
  await alice.call('drafts.set', { conversation, text: 'half a thought' })
  await alice.call('settings.update', { theme: 'dark' })
  await alice.call('conversations.archive', { conversation, archived: true })
  await alice.call('drafts.set', { conversation, text: '' })

  const frames = [
    await phone.next('board'),
    await phone.next('board'),
    await phone.next('board'),
    await phone.next('board'),
  ]
  expect(frames.map((frame) => [frame.previous, frame.revision])).toEqual([
    [1, 2],
    [2, 3],
    [3, 4],
    [4, 5],
  ])
  expect(frames[0]?.rows[0]).toMatchObject({ key: `draft/${conversation}`, value: { text: 'half a thought' } })
  expect(frames[3]?.rows[0]).toMatchObject({ key: `draft/${conversation}`, value: null })

  const first = await alice.call('board.pull', { after: 0, limit: 2 })
  expect([first.more, first.revision]).toEqual([true, 4])
  const rest = await alice.call('board.pull', { after: first.revision })
  expect([...first.rows, ...rest.rows].map((row) => row.key)).toEqual([
    'settings',
    `conversation/${conversation}`,
    `draft/${conversation}`,
  ])
  expect(first.rows[1]?.value).toMatchObject({ archived: true })
  expect((await bob.call('board.pull', { after: 0 })).rows.map((row) => row.key)).toEqual([
    `conversation/${conversation}`,
  ])
  await bobs.call('people.me', {})
  expect(bobs.pushed).toEqual([])
})

test('rows written at the same moment get revisions of their own', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  const phone = await alice.connect()
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      alice.call('settings.update', { language: `x-${'abcdefghijklmnopqrst'[index]}` }),
    ),
  )
  const revisions: number[] = []
  for (let index = 0; index < 20; index++) revisions.push((await phone.next('board')).revision)
  expect(revisions.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
})
