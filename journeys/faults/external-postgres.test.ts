import { readdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { startProduct } from '../product.ts'
import { startOtherPostgres } from './cluster.ts'
import { prepare, run, takeFolder } from './trials.ts'

const kills = 10

test(`an external PostgreSQL is brought up to date, and killed ${kills} times while two people write`, {
  timeout: 300_000,
}, async () => {
  const postgres = await startOtherPostgres()
  const [version] = await postgres.query("select current_setting('server_version_num')::int / 10000 as major")
  expect(version?.major).toBeGreaterThanOrEqual(15)
  const { product, stage } = await prepare({ DATABASE_URL: postgres.url })
  expect(await readdir(product.dataFolder)).not.toContain('postgres')
  await run(stage, () => postgres.killAndRestart(), kills)
  // The archive was read through the product: it must lie in that database.
  const [stored] = await postgres.query("select count(*)::int as count from entries where kind = 'message'")
  expect(stored?.count).toBe(1 + kills * 12)
})

test('a database that is too old or too new is refused in one sentence, and left alone', {
  timeout: 120_000,
}, async () => {
  const postgres = await startOtherPostgres()
  const start = async () => {
    const folder = await takeFolder()
    const refused = startProduct(folder, { DATABASE_URL: postgres.url, SOTTO_LOG_LEVEL: 'fatal' })
    const product = await refused.catch((error: Error) => error.message)
    if (typeof product !== 'string') await product.stop()
    return product
  }
  const tables = async () =>
    (await postgres.query("select relname from pg_class where relkind = 'r' order by 1")).length

  // There is no such version on this machine: the database only says that it is one.
  await postgres.query('create schema old')
  await postgres.query(
    "create function old.current_setting(text) returns text language sql as $$ select '14.19 (Debian)' $$",
  )
  await postgres.query('alter database sotto set search_path = old, pg_catalog, public')
  const before = await tables()
  expect(await start()).toMatch(/This database is PostgreSQL 14\.19 \(Debian\); Sotto needs 15 or later\.\n$/)
  expect(await tables()).toBe(before)

  await postgres.query('alter database sotto reset search_path')
  expect(await start()).toMatchObject({ setup: expect.stringContaining('/setup#') })
  expect(await tables()).toBeGreaterThan(before)
  await postgres.query("insert into kysely_migration (name, timestamp) values ('9999_later', now()::text)")
  expect(await start()).toMatch(/written by a later version of Sotto \(it has 9999_later\)\. Start that version\.\n$/)
})
