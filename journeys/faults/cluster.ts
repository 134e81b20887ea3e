import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { endWithUs, freePort } from '../product.ts'
import { takeFolder } from './trials.ts'

const run = promisify(execFile)

/** A PostgreSQL of the machine, as an operator would run one: none of ours has a hand in it. */
export interface OtherPostgres {
  /** For `DATABASE_URL`. The role may make databases. */
  readonly url: string
  readonly query: (text: string, database?: string) => Promise<Record<string, unknown>[]>
  /** `kill -9`, and a new start; resolves when it answers. */
  killAndRestart(): Promise<void>
}

/** Makes a cluster with one database and starts it, on a port of this machine; stops it with the test. */
export async function startOtherPostgres(): Promise<OtherPostgres> {
  // `npm test` says where it found one; Debian keeps it out of the PATH.
  const programs = dirname(process.env.SOTTO_POSTGRES ?? '/usr/lib/postgresql/15/bin/postgres')
  const folder = await takeFolder()
  const port = await freePort()
  const password = 'of-the-operator'
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, password)
  const account = await someAccount()
  if (account) for (const path of [folder, passwordFile]) await chown(path, account.uid, account.gid)
  const cluster = join(folder, 'cluster')
  const options = ['--username=sotto', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--locale=C.UTF-8']
  await run(join(programs, 'initdb'), ['-D', cluster, ...options], { cwd: '/', ...account })

  let postmaster: ChildProcess
  const start = () => {
    const settings = [
      `port=${port}`,
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'log_min_messages=panic',
    ]
    postmaster = spawn(join(programs, 'postgres'), ['-D', cluster, ...settings.flatMap((one) => ['-c', one])], {
      cwd: '/',
      stdio: 'ignore',
      ...account,
    })
    endWithUs(postmaster)
  }
  const stop = async (signal: NodeJS.Signals) => {
    if (postmaster.exitCode !== null || postmaster.signalCode !== null) return
    postmaster.kill(signal)
    await once(postmaster, 'exit')
  }
  const urlOf = (database: string) => `postgres://sotto:${password}@127.0.0.1:${port}/${database}`
  const query = async (text: string, database = 'sotto') => {
    const client = new pg.Client(urlOf(database))
    client.on('error', () => {})
    try {
      await client.connect()
      return (await client.query(text)).rows
    } finally {
      await client.end().catch(() => {})
    }
  }
  const untilItAnswers = async () => {
    for (const giveUpAt = Date.now() + 60_000; ; await sleep(50)) {
      // It refuses to start for as long as a process of its earlier life has not noticed that this is over.
      if (postmaster.exitCode !== null) start()
      if (await query('select 1', 'postgres').catch(() => undefined)) return
      if (Date.now() > giveUpAt) throw new Error('the PostgreSQL of this machine does not answer')
    }
  }

  start()
  onTestFinished(() => stop('SIGQUIT'), 60_000)
  await untilItAnswers()
  await query('create database sotto', 'postgres')
  return {
    url: urlOf('sotto'),
    query,
    async killAndRestart() {
      await stop('SIGKILL')
      start()
      await untilItAnswers()
    },
  }
}

/** PostgreSQL does not run as root. */
async function someAccount(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const [, uid, gid] = /^nobody:[^:]*:(\d+):(\d+):/m.exec(await readFile('/etc/passwd', 'utf8')) ?? []
  return { uid: Number(uid), gid: Number(gid) }
}
