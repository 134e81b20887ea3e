import type { ClientId, EntryId, Person, ReportId } from '@sotto/protocol'
import { applyEntry, emptyView } from '@sotto/protocol/pure'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MemoryDisk } from '#client/stores/memory.ts'
import { fairWeather } from '#client/testing/fake-server.ts'
import { itemFor, latest, messageRows, World, windowOn } from '#client/testing/people.ts'

async function scene(count = 0) {
  const world = new World()
  const [alice, bob] = [world.server.addPerson('alice'), world.server.addPerson('bob')]
  const conversation = world.server.addConversation([alice.id, bob.id], count)
  return { world, alice, bob, conversation }
}

/** Everything this device keeps, as text. */
function kept(disk: MemoryDisk): string {
  return JSON.stringify([...disk.records, ...[...disk.entries.values()].map((log) => [...log.values()])])
}

test('an edit shows in the row and in the list, and is the same message', async () => {
  const { world, alice, bob, conversation } = await scene()
  const { id } = world.server.say(conversation, bob.id, 'frist')
  const client = await world.online(alice)
  const window = windowOn(client, { conversation })
  const list = latest(client, 'conversations', { archived: false })
  await world.clock.passUntil(() => window.value.rows.length === 1)
  const [before] = messageRows(window.value)
  expect(before).toMatchObject({ id, text: 'frist', edited: false, deleted: null })
  world.server.edit(conversation, id, 'first')
  await world.clock.passUntil(() => messageRows(window.value)[0]?.edited === true)
  expect(messageRows(window.value)).toMatchObject([{ key: before?.key, text: 'first', deleted: null }])
  expect(itemFor(list.value, conversation)).toMatchObject({ last: { text: 'first' }, unread: { count: 1 } })
  await client.close()
})

test('one’s own message is edited and deleted by a command', async () => {
  const { world, alice, conversation } = await scene()
  const client = await world.online(alice)
  const window = windowOn(client, { conversation })
  await world.during(client.send({ conversation }, 'one'))
  await world.clock.passUntil(() => messageRows(window.value)[0]?.state === 'sent')
  const message = messageRows(window.value)[0]?.id as EntryId
  const clientId = () => world.random.uuid() as ClientId
  await world.during(client.call('messages.edit', { conversation, message, clientId: clientId(), text: 'two' }))
  await world.clock.passUntil(() => messageRows(window.value)[0]?.text === 'two')
  await world.during(client.call('messages.delete', { conversation, message, clientId: clientId() }))
  await world.clock.passUntil(() => messageRows(window.value)[0]?.deleted === 'sender')
  expect(messageRows(window.value)).toMatchObject([{ text: '', edited: false }])
  await client.close()
})

test('what was deleted is on the device no more, and comes back by no late frame', async () => {
  const { world, alice, bob, conversation } = await scene(3)
  const disk = new MemoryDisk()
  const said = world.server.say(conversation, bob.id, 'the canary')
  const edited = world.server.edit(conversation, said.id, 'the canary sings')
  const client = await world.online(alice, disk)
  const window = windowOn(client, { conversation })
  const list = latest(client, 'conversations', { archived: false })
  await world.clock.passUntil(() => messageRows(window.value).at(-1)?.text === 'the canary sings')
  expect(kept(disk)).toContain('canary')
  world.server.delete(conversation, said.id)
  await world.clock.passUntil(() => messageRows(window.value).at(-1)?.deleted === 'sender')
  for (const entry of [said, edited]) world.server.push(alice.id, { type: 'entry', entry })
  await world.clock.pass(1_000)
  expect(kept(disk)).not.toContain('canary')
  expect(JSON.stringify([window.value, list.value])).not.toContain('canary')
  expect(itemFor(list.value, conversation)?.last).toMatchObject({ text: '', deleted: 'sender' })
  await client.close()

  const again = world.client(disk)
  await world.during(again.resume())
  const after = windowOn(again, { conversation })
  await world.clock.passUntil(() => messageRows(after.value).at(-1)?.deleted === 'sender')
  await again.close()
})

test('a window far back shows edits and deletions that come after it', async () => {
  const { world, alice, conversation } = await scene(400)
  const entries = world.server.entriesOf(conversation)
  const [edited, deleted] = [entries[9]?.id as EntryId, entries[10]?.id as EntryId]
  world.server.edit(conversation, edited, 'edited since', false)
  world.server.delete(conversation, deleted, false)
  for (let index = 0; index < 100; index++) world.server.say(conversation, alice.id, `later ${index}`, false)
  const client = await world.online(alice)
  const window = windowOn(client, { conversation }, { anchor: 12, before: 5, after: 5 })
  await world.clock.passUntil(() => window.value.rows.length === 10)
  const rows = messageRows(window.value).filter((row) => row.id === edited || row.id === deleted)
  expect(rows).toMatchObject([
    { text: 'edited since', edited: true },
    { text: '', deleted: 'sender' },
  ])
  await client.close()
})

test('after a long absence nothing is kept of which the device could not know that it was deleted', async () => {
  const { world, alice, bob, conversation } = await scene()
  const disk = new MemoryDisk()
  const { id } = world.server.say(conversation, bob.id, 'the canary')
  const client = await world.online(alice, disk)
  await world.clock.passUntil(() => kept(disk).includes('canary'))
  await client.close()
  world.server.delete(conversation, id, false)
  for (let index = 0; index < 6_000; index++) world.server.say(conversation, bob.id, `later ${index}`, false)
  const again = world.client(disk)
  await world.during(again.resume())
  await world.caughtUp(again)
  expect(kept(disk)).not.toContain('canary')
  await again.close()
})

test('in any weather every device ends with what the fold of the log says', async () => {
  const anyStep = fc.record({
    what: fc.constantFrom('say', 'say', 'edit', 'delete', 'pin', 'unpin'),
    of: fc.nat(),
    wait: fc.nat(400),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 25 }), fc.integer(), async (steps, seed) => {
      const world = new World(seed)
      const [alice, bob] = [world.server.addPerson('alice'), world.server.addPerson('bob')] as [Person, Person]
      const conversation = world.server.addConversation([alice.id, bob.id], 5)
      const disk = new MemoryDisk()
      const client = await world.online(alice, disk)
      const window = windowOn(client, { conversation })
      const pins = latest(client, 'pins', { conversation })
      world.server.weather = { ...fairWeather, delayMs: 200, reorder: true, dropPush: 0.3, duplicatePush: 0.3 }
      const live = new Set(world.server.entriesOf(conversation).map((entry) => entry.id))
      for (const { what, of, wait } of steps) {
        const id = [...live][of % Math.max(live.size, 1)]
        if (what === 'edit' && id) world.server.edit(conversation, id, `edit ${of}`)
        else if (what === 'delete' && id) {
          live.delete(id)
          world.server.delete(conversation, id)
        } else if ((what === 'pin' || what === 'unpin') && id)
          world.server.pin(conversation, id, what === 'pin', bob.id)
        else live.add(world.server.say(conversation, bob.id, `text ${of}`).id)
        await world.clock.pass(wait)
      }
      world.server.weather = fairWeather
      world.server.cutAll()
      await world.clock.pass(60_000)
      await world.caughtUp(client)
      const view = world.server.entriesOf(conversation).reduce(applyEntry, emptyView)
      const expected = view.messages.map(({ id, body, editedAt, deleted }) => [
        id,
        body.text,
        editedAt !== null,
        deleted,
      ])
      await world.clock.passUntil(() => messageRows(window.value).length === expected.length)
      expect(messageRows(window.value).map(({ id, text, edited, deleted }) => [id, text, edited, deleted])).toEqual(
        expected,
      )
      const textOf = (id: EntryId) => view.messages.find((message) => message.id === id)?.body.text
      expect(pins.value.map(({ message, text }) => [message, text])).toEqual(view.pins.map((id) => [id, textOf(id)]))
      await client.close()
    }),
    { numRuns: Number(process.env.SOTTO_RUNS ?? 25) },
  )
})

test('what is pinned is asked for once, and from then on the entries tell', async () => {
  const { world, alice, bob, conversation } = await scene(3)
  const [first, second] = world.server.entriesOf(conversation).map((entry) => entry.id) as [EntryId, EntryId]
  world.server.pin(conversation, first, true, bob.id, false)
  const disk = new MemoryDisk()
  const client = await world.online(alice, disk)
  const asked = () => world.server.log.filter(({ type }) => type === 'messages.pins').length
  expect(asked()).toBe(0)
  const pins = latest(client, 'pins', { conversation })
  const window = windowOn(client, { conversation })
  const shown = () => pins.value.map(({ text }) => text).join(', ')
  await world.clock.passUntil(() => shown() === 'history 1')
  expect(pins.value).toMatchObject([{ message: first, place: 1, sender: alice.id }])
  expect(window.value).toMatchObject({ mayPin: true })
  world.server.edit(conversation, first, 'the canary')
  await world.clock.passUntil(() => shown() === 'the canary')
  await world.during(client.call('messages.pin', { conversation, message: second, pinned: true }))
  await world.clock.passUntil(() => shown() === 'history 2, the canary')
  expect(window.value.rows.filter((row) => row.kind === 'pinned')).toMatchObject([
    { by: bob.id, pinned: true },
    { by: alice.id, pinned: true },
  ])
  // What was not known yet of the second one was the only thing to ask for.
  expect(asked()).toBe(2)
  world.server.delete(conversation, first)
  await world.clock.passUntil(() => shown() === 'history 2')
  expect(kept(disk)).not.toContain('canary')
  world.server.pin(conversation, second, false, bob.id)
  await world.clock.passUntil(() => shown() === '')
  await client.close()

  // Somebody who was away for a little hears of it with the rest, and after a long absence it is asked for again.
  world.server.pin(conversation, second, true, bob.id, false)
  const again = world.client(disk)
  const later = latest(again, 'pins', { conversation })
  await world.during(again.resume())
  await world.clock.passUntil(() => later.value.length === 1)
  expect(asked()).toBe(3)
  await again.close()
  world.server.pin(conversation, second, false, bob.id, false)
  for (let index = 0; index < 6_000; index++) world.server.say(conversation, bob.id, `later ${index}`, false)
  const much = world.client(disk)
  const after = latest(much, 'pins', { conversation })
  await world.during(much.resume())
  await world.caughtUp(much)
  await world.clock.passUntil(() => after.value.length === 0 && asked() === 4)
  await much.close()
})

test('notices, blocks and mutes are on every device of mine', async () => {
  const { world, alice, bob } = await scene()
  const [phone, laptop] = [await world.online(alice), await world.online(alice)]
  const seen = [phone, laptop].map((client) => ({
    notices: latest(client, 'notices', {}),
    blocks: latest(client, 'blocks', {}),
    mutes: latest(client, 'mutes', {}),
  }))
  const report = world.random.uuid() as ReportId
  const notice = {
    kind: 'about_you',
    report,
    decision: 'warned',
    text: 'mind your words',
    at: '2026-11-21T08:00:00.000Z',
  }
  world.server.setRow(alice.id, `notice/${report}`, notice as never)
  await world.during(phone.call('blocks.set', { person: bob.id, blocked: true }))
  await world.during(phone.call('mutes.set', { person: bob.id, muted: true }))
  for (const { notices, blocks, mutes } of seen) {
    await world.clock.passUntil(() => mutes.value.length === 1)
    expect([notices.value, blocks.value, mutes.value]).toEqual([[notice], [bob.id], [bob.id]])
  }
  await world.during(laptop.call('notices.dismiss', { notice: report }))
  await world.during(laptop.call('blocks.set', { person: bob.id, blocked: false }))
  for (const { notices, blocks } of seen) {
    await world.clock.passUntil(() => blocks.value.length === 0)
    expect(notices.value).toEqual([])
  }
  await phone.close()
  await laptop.close()
})
