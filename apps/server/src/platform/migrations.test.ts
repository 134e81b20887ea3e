import pg from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { openDatabase } from './database.ts'
import { openLogger } from './logger.ts'
import { DatabaseTooNew, listMigrations, migrate } from './migrations.ts'

async function emptyDatabase(name: string) {
  const maintenance = new pg.Client(inject('postgres'))
  await maintenance.connect()
  await maintenance.query(`create database ${name}`)
  const open = () => openDatabase({ ...inject('postgres'), database: name }, 2, openLogger('silent'))
  onTestFinished(async () => {
    await maintenance.query(`drop database ${name} with (force)`)
    await maintenance.end()
  })
  return open
}

test('servers that start together bring a database up to date once', async () => {
  const open = await emptyDatabase('migrate_together')
  const servers = [open(), open(), open()]
  const applied = await Promise.all(servers.map(({ db }) => migrate(db)))
  const all = (await listMigrations()).map(({ name }) => name)
  expect(all.length).toBeGreaterThan(5)
  expect(applied.flat().sort()).toEqual(all)
  expect(await migrate((servers[0] as (typeof servers)[number]).db)).toEqual([])
  await Promise.all(servers.map((server) => server.close()))
})

test('a database of a later version is refused and left alone', async () => {
  const open = await emptyDatabase('migrate_newer')
  const { db, pool, close } = open()
  await migrate(db)
  await pool.query(`insert into kysely_migration (name, timestamp) values ('9999_from_the_future', now()::text)`)
  await expect(migrate(db)).rejects.toThrow(DatabaseTooNew)
  await expect(migrate(db)).rejects.toThrow(/9999_from_the_future/)
  await close()
})

test('every migration has a number of its own', async () => {
  const numbers = (await listMigrations()).map(({ name }) => name.slice(0, 4))
  expect(numbers).toEqual([...new Set(numbers)])
})
