import { expect, test } from 'vitest'
import { MemoryDisk } from '#client/stores/memory.ts'
import { World } from '#client/testing/people.ts'
import type { Account } from './records.ts'

test('an answer to a refresh that was lost is asked for again with the same token', async () => {
  const world = new World()
  const alice = world.server.addPerson('alice')
  const disk = new MemoryDisk()
  await (await world.online(alice, disk)).close()
  world.server.loseNextRefreshAnswer = true
  const client = world.client(disk)
  await world.during(client.resume())
  await world.caughtUp(client)
  expect(world.server.refreshCount).toBe(2)
  await client.close()
})

test('each new refresh token is stored before the access token that came with it is used', async () => {
  const world = new World()
  world.server.addPerson('alice')
  const disk = new MemoryDisk()
  const stored = () => (disk.records.get('account/only') as Account | undefined)?.refreshToken ?? null
  const usedWith: (string | null)[] = []
  const client = world.client(disk)
  const hello = world.server.hello.bind(world.server)
  world.server.hello = (token) => {
    usedWith.push(stored())
    return hello(token)
  }
  await world.during(client.signIn({ name: 'alice', password: 'alice-password' }))
  await world.caughtUp(client)
  const first = stored()
  await client.close()
  const next = world.client(disk)
  await world.during(next.resume())
  await world.caughtUp(next)
  expect(usedWith).toEqual([first, stored()])
  expect(first).not.toBe(stored())
  await next.close()
})

test('who asks for a token while one is being fetched shares it', async () => {
  const world = new World()
  const alice = world.server.addPerson('alice')
  const disk = new MemoryDisk()
  await (await world.online(alice, disk)).close()
  const client = world.client(disk)
  await world.during(client.resume())
  const pictures = [1, 2, 3].map((version) => client.picture({ ...alice, picture: String(version) }))
  await world.during(Promise.all(pictures))
  await world.caughtUp(client)
  expect(world.server.refreshCount).toBe(1)
  await client.close()
})

test('a browser whose store is gone goes on by its cookie; after signing out it does not', async () => {
  const world = new World()
  const alice = world.server.addPerson('alice')
  await (await world.online(alice, new MemoryDisk(), { keep: 'cookie' })).close()
  const client = world.client(new MemoryDisk(), { keep: 'cookie' })
  expect((await world.during(client.resume()))?.person.name).toBe('alice')
  await world.during(client.signOut())
  await client.close()
  const next = world.client(new MemoryDisk(), { keep: 'cookie' })
  expect(await world.during(next.resume())).toBeNull()
  await next.close()
})

test('a clock that is wrong by a day makes no difference', async () => {
  const world = new World()
  const alice = world.server.addPerson('alice')
  const client = world.client(undefined, {})
  world.server.tokenLifeMs = -24 * 3_600_000
  await world.during(client.signIn({ name: alice.name, password: 'alice-password' }))
  await world.clock.pass(5_000)
  expect(world.server.refreshCount).toBeLessThan(20)
  await client.close()
})
