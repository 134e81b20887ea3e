import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Database, openDatabase } from '../../apps/server/src/platform/database.ts'
import { openLogger } from '../../apps/server/src/platform/logger.ts'
import { openMasterKeys } from '../../apps/server/src/platform/master-key.ts'
import { openSealing } from '../../apps/server/src/platform/sealing.ts'
import type { BenchSocket } from './harness.ts'

/** Sends so many messages, as fast as they are taken, over one connection. */
export async function sendMany(socket: BenchSocket, conversation: string, count: number): Promise<void> {
  let left = count
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (left-- > 0)
        await socket.ask({ type: 'messages.send', conversation, clientId: randomUUID(), text: 'x'.repeat(100) })
    }),
  )
}

const rowsPerInsert = 5_000

/**
 * Writes messages straight into the log of a running server, sealed as it seals them: a million in a minute instead of in several. The
 * conversation must not be written to at the same time.
 */
export async function fillLog(dataFolder: string, conversation: string, sender: string, count: number): Promise<void> {
  const { db, pool, close } = await openBeside(dataFolder)
  const sealing = await openSealing(db, await openMasterKeys(dataFolder, []), 'AES-256')
  const { rows } = await pool.query<{ head: number }>('select head from conversations where id = $1', [conversation])
  let place = rows[0]?.head ?? 0
  const last = place + count
  while (place < last) {
    const size = Math.min(rowsPerInsert, last - place)
    const ids = Array.from({ length: size }, () => randomUUID())
    const bodies = await Promise.all(
      ids.map((id, index) =>
        sealing.seal(
          conversation,
          id,
          Buffer.from(JSON.stringify({ text: `message ${place + index} ${'x'.repeat(80)}` })),
        ),
      ),
    )
    await pool.query(
      `insert into entries (conversation, place, id, sender, session, client_id, kind, target, at, body)
       select $1, $2 + n.ord, n.id, $3, null, n.id, 'message', null, now(), n.body
       from unnest($4::uuid[], $5::bytea[]) with ordinality as n(id, body, ord)`,
      [conversation, place, sender, ids, bodies],
    )
    place += size
  }
  await pool.query('update conversations set head = $2 where id = $1', [conversation, last])
  await pool.query('analyze entries')
  await close()
}

/** The database of a running server. */
export async function openBeside(dataFolder: string): Promise<Database> {
  const password = (await readFile(join(dataFolder, 'postgres-password'), 'utf8')).trim()
  const connection = { host: join(dataFolder, 'postgres'), user: 'sotto', password, database: 'sotto' }
  return openDatabase(connection, 4, openLogger('error'))
}

/** So many people more, with the password of the person called `like`, who have never signed in. Returns their ids. */
export async function fillPeople({ pool }: Database, like: string, count: number): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `insert into people (id, name, display_name, password_hash, role, created_at)
     select gen_random_uuid(), 'filled' || n, 'Filled ' || n, p.password_hash, 'member', now()
     from people p, generate_series(1, $2) n where p.name = $1 returning id`,
    [like, count],
  )
  await pool.query('analyze people')
  return rows.map((row) => row.id)
}

/** Seats people in a conversation without a word in its log. */
export async function fillMembers({ pool }: Database, conversation: string, people: readonly string[]): Promise<void> {
  await pool.query(
    `insert into members (conversation, person, role, joined_at_place)
     select $1, p, 'member', 1 from unnest($2::uuid[]) p on conflict do nothing`,
    [conversation, people],
  )
  await pool.query(
    `update conversations set member_count = (select count(*) from members where conversation = $1) where id = $1`,
    [conversation],
  )
  await pool.query('analyze members')
}
