import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
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

test('a disk that takes nothing more refuses sends without a loss, and they go out when there is room', {
  timeout: 120_000,
}, async () => {
  const { product, stage } = await prepare()
  const folder = product.dataFolder
  const password = (await readFile(join(folder, 'postgres-password'), 'utf8')).trim()
  const maintenance = new pg.Client({ host: join(folder, 'postgres'), user: 'sotto', password, database: 'sotto' })
  await maintenance.connect()
  onTestFinished(() => maintenance.end())
  const [alice, bob] = stage.players
  // What PostgreSQL says when a file cannot grow (SQLSTATE 53100), said by a trigger: filling a real disk would stop the other tests too.
  await maintenance.query(`create function no_room() returns trigger language plpgsql as $$
    begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$`)
  await maintenance.query('create trigger no_room before insert on entries execute function no_room()')
  for (let index = 0; index < 5; index++) await alice.say(`no room ${index}`)
  await sleep(1_000)
  const { rows } = await maintenance.query<{ count: number }>(
    "select count(*)::int as count from entries where kind = 'message'",
  )
  expect(rows[0]?.count).toBe(1)
  await maintenance.query('drop trigger no_room on entries')
  await bob.say('room again')
  const { faults, messages } = await stage.verdict()
  expect(faults).toEqual([])
  expect(messages).toBe(7)
})
