import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { openDatabase, type PgConnection } from '#platform/database'
import { openLogger } from '#platform/logger'
import { migrate } from '#platform/migrations'
import { startPostgres } from '#platform/postgres'

declare module 'vitest' {
  interface ProvidedContext {
    postgres: PgConnection
  }
}

/** The database that every test server is copied from: migrated once. */
export const template = 'sotto_template'

/** One real PostgreSQL for all test files of a run, the embedded one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'sotto-test-'))
  const logger = openLogger('error')
  const postgres = await startPostgres({ dataFolder, log: logger })
  const main = openDatabase(postgres.connection, 2, logger)
  await main.pool.query(`create database ${template}`)
  await main.close()
  const database = openDatabase({ ...postgres.connection, database: template }, 2, logger)
  await migrate(database.db)
  await database.close()
  project.provide('postgres', postgres.connection)
  return async () => {
    await postgres.stop()
    await rm(dataFolder, { recursive: true, force: true })
  }
}
