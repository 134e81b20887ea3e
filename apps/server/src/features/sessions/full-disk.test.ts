import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { startTestServer } from '../../testing/server.ts'

test('a disk that takes nothing more does not keep people from reading, however long ago their session was used', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const { conversation } = await alice.write(bob, 'before')
  const maintenance = new pg.Client(server.databaseUrl)
  await maintenance.connect()
  onTestFinished(() => maintenance.end())
  await maintenance.query("update sessions set last_used_at = now() - interval '1 hour'")
  // What PostgreSQL says when a file cannot grow (SQLSTATE 53100).
  await maintenance.query(`create function no_room() returns trigger language plpgsql as $$
    begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$`)
  for (const table of ['entries', 'sessions'])
    await maintenance.query(`create trigger no_room before insert or update on ${table} execute function no_room()`)

  const page = await bob.call('messages.page', { conversation, after: 0, limit: 10 })
  expect(page.entries.map((entry) => entry.kind === 'message' && entry.body.text)).toContain('before')
  await expect(alice.write(bob, 'now')).rejects.toMatchObject({ status: 503, code: 'unavailable' })
  const socket = await bob.connect()
  expect(await socket.call('people.me', {})).toMatchObject({ id: bob.id })
})
