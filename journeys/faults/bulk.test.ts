import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@sotto/client'
import type { ClientId } from '@sotto/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { startProduct } from '../product.ts'
import { startOtherPostgres } from './cluster.ts'
import { takeFolder } from './trials.ts'

const recipients = 5_000

test(`a message to ${recipients} people whose server is killed half-way comes to each exactly once`, {
  timeout: 900_000,
}, async () => {
  const postgres = await startOtherPostgres()
  const product = await startProduct(await takeFolder(), { DATABASE_URL: postgres.url })
  onTestFinished(() => product.stop(), 60_000)
  const client = createClient({ url: product.url })
  onTestFinished(() => client.close())
  const setup = new URL(product.setup).hash.slice(1)
  const password = 'correct horse battery'
  await client.setUp({ setup, instance: 'School', name: 'rita', displayName: 'Rita', password })
  await postgres.query(
    `insert into people (id, name, display_name, role, password_hash, created_at)
     select gen_random_uuid(), 'pupil' || n, 'Pupil ' || n, 'guest', '', now() from generate_series(1, ${recipients}) n`,
  )

  const to = { people: [], circles: [], roles: ['guest'] }
  const clientId = crypto.randomUUID() as ClientId
  const { bulk } = await client.call('bulk.send', { clientId, to, text: 'Dear {name}' })
  // Counted beside the server, which has enough to do.
  const waiting = async () => {
    const [row] = await postgres.query("select count(*)::int as waiting from bulk_recipients where state = 'waiting'")
    return row?.waiting as number
  }
  while ((await waiting()) > recipients / 2) await sleep(100)
  await product.kill()
  expect(await waiting()).toBeGreaterThan(0)
  await product.restart()
  // Whoever did not hear the answer asks again.
  const again = await eventually(() => client.call('bulk.send', { clientId, to, text: 'Dear {name}' }))
  expect(again.bulk).toBe(bulk)
  while ((await waiting()) > 0) await sleep(200)

  expect(await client.call('bulk.get', { bulk })).toMatchObject({
    state: 'done',
    sent: recipients,
    waiting: 0,
    refused: 0,
    cancelled: 0,
  })
  const each = await postgres.query(
    `select messages, count(*)::int as people from (
       select count(e.id)::int as messages from people p
       left join members m on m.person = p.id
       left join entries e on e.conversation = m.conversation and e.kind = 'message'
       where p.role = 'guest' group by p.id
     ) as counted group by messages`,
  )
  expect(each).toEqual([{ messages: 1, people: recipients }])
})

/** The connection comes back by itself; until then nothing can be asked. */
async function eventually<Result>(ask: () => Promise<Result>): Promise<Result> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      if (tries === 200) throw error
      await sleep(100)
    }
  }
}
