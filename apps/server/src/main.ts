#!/usr/bin/env node
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { openDatabase } from '#platform/database'
import { openLogger } from '#platform/logger'
import { migrate } from '#platform/migrations'
import { FolderInUse, startPostgres } from '#platform/postgres'
import { demoPassword, fillDemo, movingClock } from './demo.ts'
import { readConfig } from './platform/config.ts'
import { referencePages } from './reference.ts'
import { type RunningServer, startServer } from './server.ts'

const sotto = new Command('sotto').description('A messenger that an organisation runs itself.')

sotto
  .command('serve', { isDefault: true })
  .description('Starts the server, with an embedded PostgreSQL where DATABASE_URL is not set.')
  .option('--demo', 'Fills a new instance, in a data folder of its own, with a school to look around in.')
  .action(({ demo = false }: { demo?: boolean }) => run(() => serve(demo)))

sotto
  .command('migrate')
  .description('Brings the database up to this version and stops.')
  .action(() => run(migrateOnly))

sotto
  .command('docs')
  .description('Writes docs/reference from the source.')
  .action(() => run(writeDocs))

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

async function serve(demo: boolean): Promise<void> {
  const settings = readConfig()
  const config = demo ? { ...settings, dataFolder: join(settings.dataFolder, 'demo') } : settings
  const logger = openLogger(config.logLevel)
  const clock = movingClock()
  const server = await startServer({ config, logger, clock })
  if (demo) await showDemo(server, clock)
  else if (server.setupUrl) say(`Sotto is ready. Open this link to set it up:\n\n  ${server.setupUrl}`)
  else say(`Sotto is ready:\n\n  ${server.url}`)

  // With `--expose-gc`: memory is measured after a collection, not between two.
  if (globalThis.gc) process.on('SIGUSR2', () => globalThis.gc?.({ type: 'major', flavor: 'last-resort' }))

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

async function showDemo(server: RunningServer, clock: ReturnType<typeof movingClock>): Promise<void> {
  if (server.setupUrl) await fillDemo(server.dispatch, new URL(server.setupUrl).hash.slice(1), clock)
  say(`Sotto is ready with a school. Sign in as ines.castro (head), tom.becker (teacher), ana.moreau (pupil) or lucie.moreau
(her guardian), password ${demoPassword}:

  ${server.url}`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n\n`)
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

async function writeDocs(): Promise<void> {
  const folder = new URL('../../../docs/reference/', import.meta.url)
  await mkdir(folder, { recursive: true })
  for (const [name, text] of referencePages()) await writeFile(new URL(name, folder), text)
}
