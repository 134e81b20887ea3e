import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@sotto/client'
import pg from 'pg'
import { expect, test } from 'vitest'
import type { Product } from '../product.ts'
import type { Player } from './cast.ts'
import { smallDisks } from './small-disk.ts'
import { prepare } from './trials.ts'

test.each(Object.entries(smallDisks))(
  '%s: sends wait, what was read stays, and all goes out when there is room',
  {
    timeout: 240_000,
  },
  async (_, takeDisk) => {
    const disk = await takeDisk()
    const { product, stage } = await prepare({ SOTTO_LOG_LEVEL: 'warn' }, disk.dataFolder)
    const [alice, bob] = stage.players
    const statusOf = async (path: string) => (await fetch(`${product.url}${path}`)).status
    let said = 1
    let writing = true
    const writers = stage.players.map(async ({ name, say }) => {
      for (; writing; await sleep(20)) await say(`${name} ${said++} ${'x'.repeat(1_000)}`)
    })

    try {
      await until('some messages were sent', () => said > 40)
      await disk.fill(product)
      await until('the disk refused something', () => product.log.includes(disk.refusal))
      expect(await statusOf('/healthz')).toBe(200)
      await until('PostgreSQL gives up', async () => {
        await writeMuch(product)
        return (await statusOf('/readyz')) === 503
      })
      await until('the log says why it cannot come back', () =>
        product.log.split('\n').some((line) => line.includes('could not be restarted') && line.includes(disk.refusal)),
      )
      const before = await waiting(alice.client)
      await until('more messages wait', async () => (await waiting(alice.client)) > before + 20)
      expect(await statusOf('/healthz')).toBe(200)
      expect(await screen(bob.client, alice)).toContain('hello')
      await disk.makeRoom(product)
    } finally {
      writing = false
      await Promise.all(writers)
    }
    const { faults, messages } = await stage.verdict()
    expect(faults).toEqual([])
    expect(messages).toBe(said)
  },
)

/**
 * Stands for all that others write to the same database, until it fails. PostgreSQL’s log of transactions comes to the end of its
 * file and cannot begin another one; then PostgreSQL gives up at once (PANIC), and again each time it tries to come back.
 */
async function writeMuch({ dataFolder }: Product): Promise<void> {
  const password = (await readFile(join(dataFolder, 'postgres-password'), 'utf8')).trim()
  const client = new pg.Client({ host: join(dataFolder, 'postgres'), user: 'postgres', password, database: 'postgres' })
  client.on('error', () => {})
  try {
    await client.connect()
    for (;;) await client.query("select pg_logical_emit_message(true, 'others', repeat('x', 1000000))")
  } catch {
    await client.end().catch(() => {})
  }
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const giveUpAt = Date.now() + 60_000; !(await condition()); await sleep(50))
    if (Date.now() > giveUpAt) throw new Error(`it did not come to this: ${what}`)
}

function waiting(client: Client): Promise<number> {
  return new Promise((resolve) => {
    const stop = client.watch('outbox', {}, (outbox) => {
      setImmediate(() => stop())
      resolve(outbox.waiting)
    })
  })
}

/** What a device shows of its thread with somebody, as soon as it is opened. */
function screen(client: Client, { id }: Player): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const window = { anchor: 'end', before: 100_000, after: 0 } as const
    const stop = client.watch('conversation', { target: { person: id }, window }, ({ rows }) => {
      setImmediate(() => stop())
      resolve(rows.flatMap((row) => (row.kind === 'message' ? [row.text] : [])))
    })
  })
}
