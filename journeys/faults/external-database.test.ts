import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { startProduct } from '../product.ts'
import { setStage } from './cast.ts'
import { takeFolder } from './trials.ts'

/** A PostgreSQL of the operating system's, 15 or later; `npm test` says where it found one. */
const program = process.env.SOTTO_POSTGRES ?? '/usr/lib/postgresql/15/bin/postgres'
/** PostgreSQL refuses to run as root; `nobody` is on every system that has one. */
const asNobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

test('on a PostgreSQL of one’s own: people talk through its death, and one that a later version has used is left alone', {
  timeout: 180_000,
}, async () => {
  const folder = await takeFolder()
  if (asNobody.uid) await chown(folder, asNobody.uid, asNobody.gid)
  const cluster = join(folder, 'cluster')
  const quiet = { ...asNobody, cwd: folder, stdio: 'ignore' } as const
  execFileSync(join(dirname(program), 'initdb'), ['-D', cluster, '-U', 'sotto', '-A', 'trust'], quiet)
  let postgres = startPostgres()
  onTestFinished(() => void postgres.kill('SIGQUIT'))
  const DATABASE_URL = `postgres://sotto@/postgres?host=${encodeURIComponent(folder)}`

  function startPostgres(): ChildProcess {
    return spawn(program, ['-D', cluster, '-k', folder, '-c', 'listen_addresses='], quiet)
  }
  async function maintain(statement: string): Promise<pg.QueryResult> {
    for (let tries = 0; ; tries++) {
      const client = new pg.Client({ connectionString: DATABASE_URL })
      client.on('error', () => {})
      try {
        await client.connect()
        return await client.query(statement)
      } catch (error) {
        if (tries === 200) throw error
        await sleep(50)
      } finally {
        await client.end().catch(() => {})
      }
    }
  }

  const { rows } = await maintain('show server_version_num')
  expect(Number(rows[0].server_version_num)).toBeGreaterThanOrEqual(150_000)
  const dataFolder = await takeFolder()
  const product = await startProduct(dataFolder, { DATABASE_URL })
  onTestFinished(() => product.stop(), 60_000)
  const stage = await setStage(product)
  onTestFinished(() => stage.close())
  const [alice, bob] = stage.players
  for (let index = 0; index < 10; index++) await alice.say(`before ${index}`)
  const gone = once(postgres, 'exit')
  postgres.kill('SIGKILL')
  for (let index = 0; index < 10; index++) await bob.say(`meanwhile ${index}`)
  await gone
  // Its other processes notice within a moment; until they have gone, a new one refuses to start and ends.
  for (let isUp = false; !isUp; ) {
    postgres = startPostgres()
    const ended = once(postgres, 'exit').then(() => false)
    isUp = await Promise.race([maintain('select 1').then(() => true), ended])
  }
  for (let index = 0; index < 10; index++) await alice.say(`after ${index}`)
  const { faults, messages } = await stage.verdict()
  expect(faults).toEqual([])
  expect(messages).toBe(31)

  await stage.close()
  await product.stop()
  await maintain(`insert into kysely_migration (name, timestamp) values ('9999_of_a_later_version', now()::text)`)
  await expect(startProduct(dataFolder, { DATABASE_URL, SOTTO_LOG_LEVEL: 'fatal' })).rejects.toThrow(/later version/)
})
