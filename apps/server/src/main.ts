#!/usr/bin/env node
import { Command } from 'commander'
import { openDatabase } from '#platform/database'
import { openLogger } from '#platform/logger'
import { migrate } from '#platform/migrations'
import { FolderInUse, startPostgres } from '#platform/postgres'
import { readConfig } from './platform/config.ts'
import { startServer } from './server.ts'

const sotto = new Command('sotto').description('A messenger that an organisation runs itself.')

sotto
  .command('serve', { isDefault: true })
  .description('Starts the server, with an embedded PostgreSQL where DATABASE_URL is not set.')
  .action(() => run(serve))

sotto
  .command('migrate')
  .description('Brings the database up to this version and stops.')
  .action(() => run(migrateOnly))

await sotto.parseAsync()

/** Says a known fault in one sentence; an unknown one with its stack. */
async function run(action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    const known =
      error instanceof FolderInUse ||
      (error as Error).name !== 'Error' ||
      /^(Some settings|This database|A master key)/.test((error as Error).message)
    process.stderr.write(`${known ? (error as Error).message : (error as Error).stack}\n`)
    process.exit(1)
  }
}

async function serve(): Promise<void> {
  const config = readConfig()
  const logger = openLogger(config.logLevel)
  const server = await startServer({ config, logger })
  process.stdout.write(
    server.setupUrl
      ? `Sotto is ready. Open this link to set it up:\n\n  ${server.setupUrl}\n\n`
      : `Sotto is ready:\n\n  ${server.url}\n\n`,
  )

  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      // The second signal is for somebody who does not want to wait.
      if (stopping) process.exit(1)
      stopping = true
      void server.stop().then(
        () => process.exit(0),
        (error) => {
          logger.error({ err: error }, 'the server did not stop cleanly')
          process.exit(1)
        },
      )
    })
}

async function migrateOnly(): Promise<void> {
  const config = readConfig()
  const logger = openLogger(config.logLevel)
  const postgres =
    config.databaseUrl === '' ? await startPostgres({ dataFolder: config.dataFolder, log: logger }) : undefined
  const database = openDatabase(postgres?.connection ?? { connectionString: config.databaseUrl }, 2, logger)
  try {
    const applied = await migrate(database.db)
    process.stdout.write(applied.length > 0 ? `Applied ${applied.join(', ')}.\n` : 'Nothing to do.\n')
  } finally {
    await database.close()
    await postgres?.stop()
  }
}
