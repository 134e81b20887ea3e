import { expect, test } from 'vitest'
import { latest, World } from '#client/testing/people.ts'

test('the instance is asked for once, however many look, and follows what is changed here', async () => {
  const world = new World()
  const client = await world.online(world.server.addPerson('alice'))
  const [first, second] = [latest(client, 'instance', {}), latest(client, 'instance', {})]
  expect(first.value).toBeNull()
  await world.clock.passUntil(() => first.value !== null && second.value !== null)
  expect(first.value).toEqual({ name: 'Test', ready: true, openSignUp: false })
  first.stop()
  expect(latest(client, 'instance', {}).value?.name).toBe('Test')
  expect(world.server.instanceCount).toBe(1)
  await world.during(client.call('instance.update', { name: 'Renamed' }))
  expect(second.value?.name).toBe('Renamed')
  await client.close()
})

test('what could not be asked is asked with the next connection, and what is old once in a while', async () => {
  const world = new World()
  const alice = world.server.addPerson('alice')
  const client = await world.online(alice)
  world.server.restOpen = false
  const instance = latest(client, 'instance', {})
  await world.clock.pass(30_000)
  expect(instance.value).toBeNull()
  world.server.restOpen = true
  world.server.cutAll()
  await world.clock.passUntil(() => instance.value !== null)
  world.server.instance = { ...world.server.instance, name: 'Renamed elsewhere' }
  world.server.cutAll()
  await world.clock.pass(60_000)
  expect(instance.value?.name).toBe('Test')
  await world.clock.pass(3_600_000)
  world.server.cutAll()
  await world.clock.passUntil(() => instance.value?.name === 'Renamed elsewhere')
  await client.close()
})

test('an instance that was just set up is looked at again', async () => {
  const world = new World()
  world.server.addPerson('alice')
  world.server.instance = { name: '', ready: false, openSignUp: false }
  const client = world.client()
  const instance = latest(client, 'instance', {})
  await world.clock.passUntil(() => instance.value?.ready === false)
  const setUp = { setup: 'token', instance: 'Harbour', name: 'alice', displayName: 'Alice', password: 'alice-password' }
  await world.during(client.setUp(setUp))
  await world.clock.passUntil(() => instance.value?.name === 'Harbour')
  expect(instance.value?.ready).toBe(true)
  await client.close()
})
