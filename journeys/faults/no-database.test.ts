import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { prepare } from './trials.ts'

test('while the database stands still nothing is acknowledged, what was read stays readable, and all goes out when it is back', {
  timeout: 120_000,
}, async () => {
  const { product, stage } = await prepare()
  const [alice, bob] = stage.players
  const outbox = () =>
    new Promise<number>((resolve) => {
      const stop = alice.client.watch('outbox', {}, ({ waiting }) => {
        setImmediate(() => stop())
        resolve(waiting)
      })
    })

  await product.pausePostgres(async () => {
    for (let index = 0; index < 5; index++) await alice.say(`into the silence ${index}`)
    await sleep(1_500)
    expect(await outbox()).toBe(5)
    const health = await fetch(`${product.url}/healthz`)
    expect(health.status).toBe(200)
    expect((await fetch(`${product.url}/readyz`)).status).toBe(503)
  })
  await bob.say('and back')
  const { faults, messages } = await stage.verdict()
  expect(faults).toEqual([])
  expect(messages).toBe(7)
})
