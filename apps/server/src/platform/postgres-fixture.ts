// A stand-in for the server that the kill tests may kill: it keeps one row after the other and says which are durable.
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startPostgres } from './postgres.ts'

const [dataFolder = '', mode = 'write'] = process.argv.slice(2)
const say = (line: string) => writeSync(1, `${line}\n`)
const log = {
  info() {},
  warn: (_: object, text: string) => say(`warn ${text}`),
  error: (_: object, text: string) => say(`error ${text}`),
}

try {
  const postgres = await startPostgres({ dataFolder, log })
  say(`ready ${postgres.pid}`)
  process.once('SIGTERM', async () => {
    await postgres.stop()
    process.exit(0)
  })
  const pool = new pg.Pool({ ...postgres.connection, max: 4 })
  pool.on('error', () => {})
  await pool.query('create table if not exists kept (id bigint generated always as identity primary key)')
  await Promise.all(Array.from({ length: mode === 'write' ? 4 : 0 }, () => keepRows(pool)))
} catch (error) {
  say(`failed ${(error as Error).name}: ${(error as Error).message}`)
  process.exit(1)
}

async function keepRows(pool: pg.Pool): Promise<void> {
  for (;;) {
    try {
      const { rows } = await pool.query<{ id: string }>('insert into kept default values returning id')
      say(`kept ${rows[0]?.id}`)
    } catch {
      await sleep(20)
    }
  }
}
