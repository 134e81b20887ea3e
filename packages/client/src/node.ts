import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { ConversationId, Entry, PersonId } from '@sotto/protocol'
import {
  type Change,
  outlivesVersion,
  PenTaken,
  type Store,
  type StoredPicture,
  storeVersion,
  withoutText,
} from '#client/core/store.ts'

const schema = `
  CREATE TABLE records (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE entries (
    conversation TEXT NOT NULL, place INTEGER NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (conversation, place)
  ) WITHOUT ROWID;
  CREATE TABLE pictures (of TEXT PRIMARY KEY, version TEXT NOT NULL, type TEXT NOT NULL, bytes BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE pen (generation INTEGER NOT NULL);
  INSERT INTO pen VALUES (0);
  PRAGMA user_version = ${storeVersion};
`

/**
 * Keeps everything in an SQLite file of this name, which is made when it does not exist. The file holds the refresh token and what
 * was said: keep it where only the program may read it.
 */
export function createSqliteStore(file: string): Store {
  let database: DatabaseSync | null = null
  let generation = 0
  let prepared = new Map<string, StatementSync>()

  function statement(sql: string): StatementSync {
    if (!database) throw new Error('the store is not open')
    const known = prepared.get(sql) ?? database.prepare(sql)
    prepared.set(sql, known)
    return known
  }

  function inTransaction<Result>(work: () => Result): Result {
    statement('BEGIN IMMEDIATE').run()
    try {
      const result = work()
      statement('COMMIT').run()
      return result
    } catch (error) {
      statement('ROLLBACK').run()
      throw error
    }
  }

  function put(entry: Entry) {
    const { conversation, place } = entry
    statement('INSERT OR REPLACE INTO entries VALUES (?, ?, ?)').run(conversation, place, JSON.stringify(entry))
  }

  function apply(change: Change) {
    if (change.clear) for (const table of ['records', 'entries', 'pictures']) statement(`DELETE FROM ${table}`).run()
    for (const conversation of change.forget ?? []) {
      statement('DELETE FROM entries WHERE conversation = ?').run(conversation)
      statement('DELETE FROM pictures WHERE of = ?').run(conversation)
    }
    for (const [conversation, messages] of change.wipe ?? []) {
      const rows = statement('SELECT entry FROM entries WHERE conversation = ?').all(conversation) as {
        entry: string
      }[]
      for (const row of rows) {
        const entry = JSON.parse(row.entry) as Entry
        const left = withoutText(entry, messages)
        if (left !== entry) put(left)
      }
    }
    for (const [key, value] of change.put ?? [])
      statement('INSERT OR REPLACE INTO records VALUES (?, ?)').run(key, JSON.stringify(value))
    for (const key of change.remove ?? []) statement('DELETE FROM records WHERE key = ?').run(key)
    for (const entry of change.entries ?? []) put(entry)
    for (const { of, version, type, bytes } of change.pictures ?? []) {
      statement('INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?)').run(of, version, type, new Uint8Array(bytes))
    }
  }

  function connect() {
    database = new DatabaseSync(file, { timeout: 5_000 })
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
    if (version === storeVersion) return
    const hasRecords = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'records'").get() !== undefined
    const rows = hasRecords ? database.prepare('SELECT key, value FROM records').all() : []
    database.exec('BEGIN IMMEDIATE')
    for (const table of ['records', 'entries', 'pictures', 'pen']) database.exec(`DROP TABLE IF EXISTS ${table}`)
    database.exec(schema)
    const insert = database.prepare('INSERT INTO records VALUES (?, ?)')
    for (const { key, value } of rows as { key: string; value: string }[])
      if (version < storeVersion && outlivesVersion(key)) insert.run(key, value)
    database.exec('COMMIT')
  }

  return {
    async open() {
      if (!database) connect()
      return inTransaction(() => {
        const taken = statement('UPDATE pen SET generation = generation + 1 RETURNING generation').get() as {
          generation: number
        }
        generation = taken.generation
        const rows = statement('SELECT key, value FROM records').all() as { key: string; value: string }[]
        return new Map(rows.map(({ key, value }) => [key, JSON.parse(value) as unknown]))
      })
    },

    async write(change) {
      inTransaction(() => {
        const pen = statement('SELECT generation FROM pen').get() as { generation: number }
        if (pen.generation !== generation) throw new PenTaken()
        apply(change)
      })
    },

    async entries(conversation: ConversationId, from: number, to: number) {
      const sql = 'SELECT entry FROM entries WHERE conversation = ? AND place BETWEEN ? AND ? ORDER BY place'
      const rows = statement(sql).all(conversation, from, to) as { entry: string }[]
      return rows.map(({ entry }) => JSON.parse(entry) as Entry)
    },

    async picture(of: PersonId | ConversationId) {
      const row = statement('SELECT * FROM pictures WHERE of = ?').get(of) as
        | (Omit<StoredPicture, 'bytes'> & { bytes: Uint8Array })
        | undefined
      return row ? { ...row, bytes: new Uint8Array(row.bytes).buffer } : null
    },

    async close() {
      prepared = new Map()
      database?.close()
      database = null
    },
  }
}
