import { expect, test, vi } from 'vitest'
import { openHealth } from '#platform/health'
import { startTestServer } from '../../testing/server.ts'

test('admins see the server and the database; others do not', async () => {
  const { admin, ...server } = await startTestServer()
  const alice = await server.person('alice')
  await expect(alice.call('health.look', {})).rejects.toMatchObject({ code: 'forbidden' })
  const health = await admin.call('health.look', {})
  expect(health.version).toMatch(/^\d+\.\d+\.\d+$/)
  expect(Date.parse(health.startedAt)).toBeLessThanOrEqual(Date.now())
  expect(health.database.bytes).toBeGreaterThan(1_000_000)
  expect(health.database.roundTripMs).toBeGreaterThan(0)
})

test('a sample says what happened in its ten seconds, and the oldest goes after an hour', async ({
  onTestFinished,
}) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const health = openHealth({ now: () => new Date('2026-01-01T00:00:00Z') })
  let deliveries = 0
  const stop = health.follow(() => ({ connections: 3, deliveries }))
  for (let index = 0; index < 20; index++) health.observe('messages.send', 'done', 0.004)
  health.observe('messages.send', 'forbidden', 0.004)
  health.observe('people.list', 'internal', 0.2)
  deliveries = 50
  vi.advanceTimersByTime(10_000)
  vi.advanceTimersByTime(10_000)
  const [busy, quiet] = health.samples()
  expect(busy).toMatchObject({ connections: 3, messages: 2, deliveries: 5, commands: 2.2, failures: 0.1 })
  expect(busy?.medianMs).toBeCloseTo(4, 1)
  expect(busy?.p99Ms).toBeGreaterThan(150)
  expect(quiet).toMatchObject({ messages: 0, deliveries: 0, commands: 0, failures: 0, medianMs: 0, p99Ms: 0 })
  vi.advanceTimersByTime(2 * 3_600_000)
  expect(health.samples()).toHaveLength(360)
  stop()
  vi.advanceTimersByTime(60_000)
  expect(health.samples()).toHaveLength(360)
})
