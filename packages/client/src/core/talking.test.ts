import { expect, test } from 'vitest'
import { itemFor, latest, messageRows, texts, World, windowOn } from '#client/testing/people.ts'

test('Alice writes to Bob, who sees it at once; his reading it shows on her row, which stays the same row', async () => {
  const world = new World()
  const alice = world.server.addPerson('alice')
  const bob = world.server.addPerson('bob')
  const hers = await world.online(alice)
  const his = await world.online(bob)
  const herWindow = windowOn(hers, { person: bob.id })

  const key = await hers.send({ person: bob.id }, 'Hello Bob')
  await world.clock.passUntil(() => messageRows(herWindow.value)[0]?.state === 'delivered')
  const list = latest(his, 'conversations', { archived: false })
  const conversation = list.value[0]?.card.conversation
  if (!conversation) throw new Error('Bob has no conversation')
  expect(itemFor(list.value, conversation)?.unread).toEqual({ count: 1, exact: true })
  await world.clock.passUntil(() => itemFor(list.value, conversation)?.other?.name === 'alice')

  const hisWindow = windowOn(his, { conversation })
  await world.clock.passUntil(() => texts(hisWindow.value).length > 0)
  expect(texts(hisWindow.value)).toEqual(['Hello Bob'])
  await his.markRead(conversation, hisWindow.value.head)
  expect(itemFor(list.value, conversation)?.unread).toEqual({ count: 0, exact: true })
  await world.clock.passUntil(() => messageRows(herWindow.value)[0]?.state === 'read')

  for (const seen of herWindow.seen) expect(messageRows(seen).every((row) => row.key === key)).toBe(true)
  for (const seen of herWindow.seen) expect(messageRows(seen).length).toBeLessThanOrEqual(1)
  const firstShown = herWindow.seen.findIndex((seen) => seen.rows.length > 0)
  expect(herWindow.seen.slice(firstShown).every((seen) => seen.rows.length === 1)).toBe(true)
})
