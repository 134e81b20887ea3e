import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FolderInUse, type Postgres, startPostgres } from './postgres.ts'
import { listPostgresProcesses, processStartTime, signalProcess } from './postgres-process.ts'

const quiet = { info() {}, warn() {}, error() {} }
/** Each kind of kill is repeated this often; the fault journeys repeat it more. */
const killCount = 4

let root: string
const running = new Set<{ stop(): Promise<void> }>()

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sotto-pg-'))
})

afterEach(async () => {
  for (const one of running) await one.stop()
  running.clear()
  await rm(root, { recursive: true, force: true })
})

async function start(dataFolder: string): Promise<Postgres> {
  const postgres = await startPostgres({ dataFolder, log: quiet })
  running.add(postgres)
  return postgres
}

async function query(postgres: Postgres, text: string) {
  const client = new pg.Client(postgres.connection)
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end().catch(() => {})
  }
}

/** Asks again until there is an answer: what a pool does while PostgreSQL is being restarted. */
async function queryPatiently(postgres: Postgres, text: string) {
  for (const giveUpAt = Date.now() + 15_000; ; await sleep(20)) {
    try {
      return await query(postgres, text)
    } catch (error) {
      if (Date.now() > giveUpAt) throw error
    }
  }
}

/** A server in a process of its own, which may be killed. It tells which rows it was promised are durable. */
class Server {
  readonly child: ChildProcessByStdio<null, Readable, null>
  readonly kept: number[] = []
  readonly lines: string[] = []
  postmasterPid = 0
  readonly exit: Promise<number | null>

  constructor(dataFolder: string, mode: 'write' | 'idle' = 'write') {
    const program = join(import.meta.dirname, 'postgres-fixture.ts')
    this.child = spawn(process.execPath, [program, dataFolder, mode], { stdio: ['ignore', 'pipe', 'inherit'] })
    running.add(this)
    this.exit = new Promise((resolve) => this.child.once('close', resolve))
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const [word, value] = line.split(' ')
      if (word === 'kept') this.kept.push(Number(value))
      else this.lines.push(line)
      if (word === 'ready') this.postmasterPid = Number(value)
    })
  }

  async until(condition: () => boolean): Promise<void> {
    for (const giveUpAt = Date.now() + 30_000; !condition(); await sleep(5))
      if (Date.now() > giveUpAt || this.child.exitCode !== null)
        throw new Error(`the server did not get there; it said: ${this.lines.join('; ')}`)
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM')
    await this.exit
  }
}

async function missingRows(postgres: Postgres, kept: number[]): Promise<number[]> {
  const found = new Set((await query(postgres, 'select id from kept')).map(({ id }) => Number(id)))
  return kept.filter((id) => !found.has(id))
}

test('a first start makes a database that a later start finds again, with the same password', async () => {
  const dataFolder = join(root, 'data')
  const startedAt = performance.now()
  const first = await start(dataFolder)
  const firstMs = performance.now() - startedAt
  await query(first, 'create table notes (body text)')
  await query(first, `insert into notes values ('bought milk ✓')`)
  const { connection } = first
  await first.stop()
  expect(listPostgresProcesses(join(dataFolder, 'postgres'))).toEqual([])

  const restartedAt = performance.now()
  const second = await start(dataFolder)
  const warmMs = performance.now() - restartedAt
  expect(second.connection).toEqual(connection)
  expect(await query(second, 'select body from notes')).toEqual([{ body: 'bought milk ✓' }])
  // Far above what it takes (0.7 s and 0.1 s on two cores), to notice a wait that should not be there.
  expect(firstMs).toBeLessThan(15_000)
  expect(warmMs).toBeLessThan(5_000)
})

test('it keeps data as promised: UTF-8, code point order, fsync, no network, nothing readable by others', async () => {
  const dataFolder = join(root, 'data')
  const postgres = await start(dataFolder)
  const settings = [
    'server_encoding',
    'fsync',
    'full_page_writes',
    'synchronous_commit',
    'listen_addresses',
    'timezone',
  ]
  const values = await Promise.all(settings.map((name) => query(postgres, `show ${name}`)))
  expect(values.map(([row]) => Object.values(row as object)[0])).toEqual(['UTF8', 'on', 'on', 'on', '', 'UTC'])
  const [locale] = await query(
    postgres,
    'select datlocprovider, datlocale from pg_database where datname = current_database()',
  )
  expect(locale).toEqual({ datlocprovider: 'b', datlocale: 'C.UTF-8' })
  expect(await query(postgres, 'select usesuper from pg_user where usename = current_user')).toEqual([
    { usesuper: false },
  ])
  expect((await stat(join(dataFolder, 'postgres'))).mode & 0o777).toBe(0o700)
  expect((await stat(join(dataFolder, 'postgres-password'))).mode & 0o777).toBe(0o600)

  const stranger = new pg.Client({ ...postgres.connection, password: 'guess' })
  await expect(stranger.connect()).rejects.toThrow('password authentication failed')
})

test('PostgreSQL never runs as root', async () => {
  const postgres = await start(join(root, 'data'))
  const owner = (await stat(`/proc/${postgres.pid}`)).uid
  if (process.getuid?.() === 0) expect(owner).not.toBe(0)
  else expect(owner).toBe(process.getuid?.())
})

test('folders with spaces, quotes, other letters and very long paths work, also several at once', async () => {
  const long = join(root, ...Array.from({ length: 8 }, (_, level) => `level-${level}-of-a-rather-long-path`))
  const folders = [join(root, 'a folder with spaces'), join(root, `it's "quoted", $HOME; über`), long]
  const started = await Promise.all(folders.map(start))
  for (const postgres of started) expect(await query(postgres, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(new Set(started.map(({ pid }) => pid)).size).toBe(folders.length)
  const [, , deep] = started as [Postgres, Postgres, Postgres]
  await deep.stop()
  await expect(stat(deep.connection.host)).rejects.toThrow('ENOENT')
})

test('a data folder below a private folder works', async () => {
  const hidden = join(root, 'private')
  await mkdir(hidden, { mode: 0o700 })
  const postgres = await start(join(hidden, 'data'))
  expect(await query(postgres, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('a second server on the same folder is refused, in the same process and in another', async () => {
  const dataFolder = join(root, 'data')
  const postgres = await start(dataFolder)
  await expect(startPostgres({ dataFolder, log: quiet })).rejects.toThrow(FolderInUse)

  const other = new Server(dataFolder, 'idle')
  expect(await other.exit).toBe(1)
  expect(other.lines.join()).toMatch(
    /failed FolderInUse: The data folder .* is in use by another server \(process \d+\)/,
  )
  expect(other.lines.join()).toContain(String(process.pid))
  expect(await query(postgres, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('of five servers that start at the same moment at most one gets the folder, and one can have it afterwards', async () => {
  const dataFolder = join(root, 'data')
  const servers = Array.from({ length: 5 }, () => new Server(dataFolder, 'idle'))
  await Promise.all(
    servers.map((server) => Promise.race([server.exit, server.until(() => server.postmasterPid > 0).catch(() => {})])),
  )
  const winners = servers.filter(({ postmasterPid }) => postmasterPid > 0)
  expect(winners.length).toBeLessThanOrEqual(1)
  for (const loser of servers) if (!winners.includes(loser)) expect(loser.lines.join()).toContain('FolderInUse')
  for (const winner of winners) await winner.stop()
  await start(dataFolder)
})

test.each([
  ['the server', (server: Server): void => void server.child.kill('SIGKILL')],
  ['PostgreSQL', (server: Server): void => void process.kill(server.postmasterPid, 'SIGKILL')],
  [
    'both, PostgreSQL first',
    (server: Server): void => {
      process.kill(server.postmasterPid, 'SIGKILL')
      server.child.kill('SIGKILL')
    },
  ],
  [
    'both, the server first',
    (server: Server): void => {
      server.child.kill('SIGKILL')
      process.kill(server.postmasterPid, 'SIGKILL')
    },
  ],
] as const)('kill -9 of %s in mid-write loses no row that was promised', async (_, kill) => {
  const dataFolder = join(root, 'data')
  const kept: number[] = []
  for (let round = 1; round <= killCount; round++) {
    const server = new Server(dataFolder)
    await server.until(() => server.kept.length > 40 * round)
    kill(server)
    if (server.child.killed) await server.exit
    else {
      // The server lives on: it brings PostgreSQL back and goes on keeping rows by itself.
      await server.until(() => server.lines.includes('error PostgreSQL ended unexpectedly; restarting it'))
      const before = server.kept.length
      await server.until(() => server.kept.length > before + 100)
      await server.stop()
    }
    expect(server.kept.length).toBeGreaterThan(40 * round)
    kept.push(...server.kept)
  }
  const postgres = await start(dataFolder)
  expect(new Set(kept).size).toBe(kept.length)
  expect(await missingRows(postgres, kept)).toEqual([])
})

test('the row counter of the kill tests would notice a lost row', async () => {
  const dataFolder = join(root, 'data')
  const server = new Server(dataFolder)
  await server.until(() => server.kept.length > 20)
  await server.stop()
  const postgres = await start(dataFolder)
  expect(await missingRows(postgres, server.kept)).toEqual([])
  await query(postgres, `delete from kept where id = ${server.kept[7]}`)
  expect(await missingRows(postgres, server.kept)).toEqual([server.kept[7]])
})

test('an orphan that nothing stopped is recognised by its folder, stopped, and its rows are there', async () => {
  const dataFolder = join(root, 'data')
  const cluster = join(dataFolder, 'postgres')
  const server = new Server(dataFolder)
  await server.until(() => server.kept.length > 50)
  // A stopped process cannot act on the signal it gets when its parent dies: the orphan stays.
  const orphans = listPostgresProcesses(cluster)
  const orphan = orphans.find(({ pid }) => pid === server.postmasterPid)
  if (!orphan) throw new Error('the postmaster was not found by its folder')
  expect(orphans.length).toBeGreaterThan(4)
  process.kill(orphan.pid, 'SIGSTOP')
  server.child.kill('SIGKILL')
  await server.exit
  expect(processStartTime(orphan.pid)).toBe(orphan.startTime)
  setTimeout(() => process.kill(orphan.pid, 'SIGCONT'), 300)

  const postgres = await start(dataFolder)
  expect(processStartTime(orphan.pid)).not.toBe(orphan.startTime)
  expect(await missingRows(postgres, server.kept)).toEqual([])
})

test('a stale pid file does not block the start, whoever has its pid now, and that process is left alone', async () => {
  const dataFolder = join(root, 'data')
  const cluster = join(dataFolder, 'postgres')
  const first = await start(dataFolder)
  const pidFile = await readFile(join(cluster, 'postmaster.pid'), 'utf8')
  const socketLock = await readFile(join(cluster, '.s.PGSQL.5432.lock'), 'utf8')
  await first.stop()

  const bystander = spawn('/bin/sleep', ['60'])
  const identity = { pid: bystander.pid as number, startTime: processStartTime(bystander.pid as number) as string }
  for (const pid of [identity.pid, process.pid, 1, 4_000_000]) {
    await writeFile(join(cluster, 'postmaster.pid'), pidFile.replace(/^\d+/, String(pid)))
    await writeFile(join(cluster, '.s.PGSQL.5432.lock'), socketLock.replace(/^\d+/, String(pid)))
    const postgres = await start(dataFolder)
    expect(await query(postgres, 'select 1 as one')).toEqual([{ one: 1 }])
    await postgres.stop()
  }
  expect(processStartTime(identity.pid)).toBe(identity.startTime)
  bystander.kill()
})

test('a claim on the folder by a pid that now belongs to another process is stale', async () => {
  const dataFolder = join(root, 'data')
  const stale = { pid: process.ppid, startTime: 'an-earlier-boot:1' }
  await mkdir(join(dataFolder, 'lock'), { recursive: true })
  await writeFile(join(dataFolder, 'lock', `${stale.pid}-an-earlier-boot-1`), JSON.stringify(stale))
  await writeFile(join(dataFolder, 'lock', '4000000-half-written'), '')
  await start(dataFolder)
})

test('a signal is never sent to a pid that was given to another process', async () => {
  const bystander = spawn('/bin/sleep', ['60'])
  const pid = bystander.pid as number
  expect(signalProcess({ pid, startTime: 'an-earlier-boot:1' }, 'SIGKILL')).toBe(false)
  expect(processStartTime(pid)).toBeDefined()
  expect(signalProcess({ pid, startTime: processStartTime(pid) as string }, 'SIGKILL')).toBe(true)
  await new Promise((resolve) => bystander.once('exit', resolve))
  expect(processStartTime(pid)).toBeUndefined()
})

test('when PostgreSQL dies under a running server it comes back on the same connection settings', async () => {
  const postgres = await start(join(root, 'data'))
  await query(postgres, 'create table notes (id int)')
  const exits: string[] = []
  postgres.onExit((how) => exits.push(how))
  for (let count = 1; count <= killCount; count++) {
    const { pid } = postgres
    process.kill(pid, 'SIGKILL')
    await query(postgres, `select pg_sleep(0)`).catch(() => {})
    await queryPatiently(postgres, `insert into notes values (${count})`)
    expect(postgres.pid).not.toBe(pid)
  }
  expect(exits).toEqual(Array(killCount).fill('signal SIGKILL'))
  expect(await query(postgres, 'select count(*)::int as count from notes')).toEqual([{ count: killCount }])
})

test('stopping while PostgreSQL is being restarted leaves nothing behind', async () => {
  const dataFolder = join(root, 'data')
  const postgres = await start(dataFolder)
  process.kill(postgres.pid, 'SIGKILL')
  await new Promise<void>((resolve) => postgres.onExit(() => resolve()))
  await postgres.stop()
  expect(listPostgresProcesses(join(dataFolder, 'postgres'))).toEqual([])
  await start(dataFolder)
})

test('a first start that was cut short is made good by the next', async () => {
  const dataFolder = join(root, 'data')
  for (const patienceMs of [30, 150, 300, 450]) {
    const server = new Server(dataFolder, 'idle')
    await server.until(() => true)
    for (const giveUpAt = Date.now() + 5000; Date.now() < giveUpAt; await sleep(2))
      if (await stat(join(dataFolder, 'lock')).catch(() => undefined)) break
    await sleep(patienceMs)
    server.child.kill('SIGKILL')
    await server.exit
  }
  const postgres = await start(dataFolder)
  expect(await query(postgres, 'select 1 as one')).toEqual([{ one: 1 }])
})
