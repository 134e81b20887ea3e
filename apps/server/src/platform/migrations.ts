import { glob, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import type { Db } from './database.ts'

const src = new URL('../', import.meta.url)

/** The SQL of every migration, in order. Each lives with the tables it makes; its number is its place among all of them. */
export async function listMigrations(): Promise<{ name: string; sql: string }[]> {
  const paths = await Array.fromAsync(glob(['platform/migrations/*.sql', 'features/*/migrations/*.sql'], { cwd: src }))
  const named = paths.map((path) => ({ name: basename(path, '.sql'), path })).sort((a, b) => (a.name < b.name ? -1 : 1))
  return Promise.all(
    named.map(async ({ name, path }) => ({
      name,
      sql: await readFile(new URL(path.replaceAll('\\', '/'), src), 'utf8'),
    })),
  )
}

/** The database was written by a later version of Sotto. Going on could damage what it holds. */
export class DatabaseTooNew extends Error {}

/** An external PostgreSQL that lacks what Sotto needs. */
export class DatabaseTooOld extends Error {}

const oldestPostgres = 15

/**
 * Brings the database up to this version. Servers that start together take turns under an advisory lock; a migration that fails
 * leaves nothing behind. Throws `DatabaseTooNew` when it holds a migration this version does not know, and `DatabaseTooOld`.
 */
export async function migrate(db: Db): Promise<readonly string[]> {
  await requireVersion(db)
  const known = await listMigrations()
  const migrator = new Migrator({
    db,
    provider: {
      getMigrations: async () =>
        Object.fromEntries(
          known.map(({ name, sql: text }): [string, Migration] => [
            name,
            { up: async (tx) => void (await sql.raw(text).execute(tx)) },
          ]),
        ),
    },
  })
  const applied = await appliedMigrations(db)
  const unknown = applied.filter((name) => !known.some((migration) => migration.name === name))
  if (unknown.length > 0)
    throw new DatabaseTooNew(
      `This database was written by a later version of Sotto (it has ${unknown.join(', ')}). Start that version.`,
    )
  const { error, results = [] } = await migrator.migrateToLatest()
  if (error) throw error
  return results.map((result) => result.migrationName)
}

async function requireVersion(db: Db): Promise<void> {
  const { rows } = await sql<{ version: string }>`select current_setting('server_version') as version`.execute(db)
  const version = rows[0]?.version ?? 'unknown'
  if (!(Number.parseInt(version, 10) >= oldestPostgres))
    throw new DatabaseTooOld(`This database is PostgreSQL ${version}; Sotto needs ${oldestPostgres} or later.`)
}

async function appliedMigrations(db: Db): Promise<readonly string[]> {
  const table = await sql<{ found: string | null }>`select to_regclass('kysely_migration')::text as found`.execute(db)
  if (table.rows[0]?.found == null) return []
  return (await sql<{ name: string }>`select name from kysely_migration`.execute(db)).rows.map((row) => row.name)
}
