import type { ConversationId } from '@sotto/protocol'
import { needsReading, unreadCap } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import { MemoryDisk } from '#client/stores/memory.ts'
import { fairWeather } from '#client/testing/fake-server.ts'
import { itemFor, latest, World } from '#client/testing/people.ts'

const operations = Number(process.env.SOTTO_OPERATIONS ?? 100_000)
/** After so many, the weather clears and every device must agree with the oracle. */
const between = 1_000

test(`unread on three devices is what an oracle says, over ${operations} random operations`, {
  timeout: 600_000,
}, async () => {
  const world = new World(20_261_121)
  const { random, server, clock } = world
  const alice = server.addPerson('alice')
  const bob = server.addPerson('bob')
  const conversations = Array.from({ length: 12 }, (): ConversationId => server.addConversation([alice.id, bob.id], 3))
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random.fraction() * items.length)] as Item

  async function startDevice(disk: MemoryDisk, isNew: boolean) {
    const client = isNew ? await world.online(alice, disk) : world.client(disk)
    if (!isNew) await world.during(client.resume())
    return { disk, client, list: latest(client, 'conversations', { archived: false }) }
  }
  const devices: Awaited<ReturnType<typeof startDevice>>[] = []
  for (let index = 0; index < 3; index++) devices.push(await startDevice(new MemoryDisk(), true))

  function oracle(conversation: ConversationId) {
    const read = server.readPlaceOf(alice.id, conversation)
    const count = server
      .entriesOf(conversation)
      .filter((entry) => entry.place > read && needsReading(entry, alice.id)).length
    return count > unreadCap ? { count: unreadCap, exact: false } : { count, exact: true }
  }

  let compared = 0
  for (let done = 1; done <= operations; done++) {
    const conversation = pick(conversations)
    const chance = random.fraction()
    if (chance < 0.55) server.say(conversation, bob.id, 'x', random.fraction() > 0.05)
    else if (chance < 0.63) await pick(devices).client.send({ conversation }, 'mine')
    else if (chance < 0.83) {
      const head = server.entriesOf(conversation).length
      await pick(devices).client.markRead(conversation, Math.max(0, head - Math.floor(random.fraction() * 30)))
    } else if (chance < 0.995) await clock.pass(Math.floor(random.fraction() * 100))
    else if (chance < 0.999) server.cutAll()
    else {
      const index = Math.floor(random.fraction() * devices.length)
      devices[index] = await startDevice((devices[index] as (typeof devices)[number]).disk, false)
    }
    if (done % between !== 0) {
      if (done % between === 1)
        server.weather = { ...fairWeather, delayMs: 40, reorder: true, duplicatePush: 0.1, dropPush: 0.05 }
      continue
    }
    server.weather = fairWeather
    await clock.pass(300_000)
    for (const { client, list } of devices) {
      await world.caughtUp(client)
      for (const one of conversations) {
        expect(itemFor(list.value, one)?.unread, `after ${done} operations`).toEqual(oracle(one))
        compared++
      }
    }
  }
  expect(compared).toBe((operations / between) * devices.length * conversations.length)
  for (const { client } of devices) await client.close()
})
