import pg from 'pg'
import { expect, test, vi } from 'vitest'
import { fetchRest, password, startTestServer } from '../../testing/server.ts'

/** What the passwords of one attempt cost: every call of Argon2, with its parameters. */
const hashes = vi.hoisted(() => [] as object[])
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>()
  const argon2: typeof crypto.argon2 = (algorithm, parameters, callback) => {
    const { message, nonce, ...cost } = parameters
    hashes.push({ algorithm, ...cost, messageBytes: Buffer.byteLength(message), nonceBytes: Buffer.byteLength(nonce) })
    crypto.argon2(algorithm, parameters, callback)
  }
  return { ...crypto, argon2 }
})

// Time itself is compared by the benchmark: what takes the time is counted here.
test('an unknown name and a wrong password get the same answer, for the same work', async () => {
  const server = await startTestServer()
  await server.person('alice')
  const queries = vi.spyOn(pg.Client.prototype, 'query')

  async function attempt(name: string, withPassword: string) {
    hashes.length = 0
    queries.mockClear()
    const input = { name, password: withPassword, device: 'phone', keep: 'token' }
    const { status, body, headers } = await fetchRest(server.url, 'sessions.signIn', input)
    const { date: _, ...rest } = Object.fromEntries(headers)
    const statements = queries.mock.calls.map(([query]) => (query as { text?: string }).text ?? query)
    return { answer: { status, body, headers: rest }, work: { hashes: [...hashes], statements } }
  }

  let refused = 0
  for (const withPassword of ['wrong horse battery', '', 'ß'.repeat(256)]) {
    const wrong = await attempt('alice', withPassword)
    expect(wrong.answer).toMatchObject({ status: 401, body: { error: { code: 'wrong_credentials' } } })
    expect(wrong.work.hashes).toHaveLength(1)
    // One look for the name, and the record of the refusal.
    expect(wrong.work.statements.length).toBeLessThan(8)
    refused = wrong.work.statements.length
    for (const unknown of ['nobody', 'Alice Liddell', '', 'x'.repeat(64)])
      expect(await attempt(unknown, withPassword), unknown).toEqual(wrong)
  }
  // Somebody who comes in gets more than that, so these are counted rightly.
  const right = await attempt('alice', password)
  expect(right.answer.status).toBe(200)
  expect(right.work.statements.length).toBeGreaterThan(refused)
})
