import { createHash, randomBytes } from 'node:crypto'
import { lstat, lutimes, mkdir, open, readFile, readlink, realpath, rename, symlink, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { chooseAccount, findSetpriv, prepareBinaries } from './postgres-binaries.ts'
import {
  type Cluster,
  ClusterBusy,
  clearCluster,
  ensureCluster,
  launch,
  type PostgresLog,
  type Postmaster,
  port,
  superuser,
} from './postgres-cluster.ts'
import { FolderInUse, hasListener, takeFolder } from './postgres-folder.ts'

export { FolderInUse } from './postgres-folder.ts'
export { processStartTime } from './postgres-process.ts'

/** For the `pg` driver. `host` is the folder of a Unix socket; the role owns the database and is not a superuser. */
export type PostgresConnection = {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

export type Postgres = {
  /** Stays the same for the life of the data folder, also when PostgreSQL is restarted. */
  readonly connection: PostgresConnection
  /** Of the postmaster that runs now; another one after a restart. */
  readonly pid: number
  /** Ends PostgreSQL in order (fast shutdown), waits for it and gives the data folder back. May be called twice. */
  stop(): Promise<void>
  /** Tells when PostgreSQL ended without being asked to, before it is restarted. */
  onExit(listener: (how: string) => void): void
}

const role = 'sotto'
const database = 'sotto'
/** 107 bytes on Linux, 103 on macOS: `sun_path` of unix(7) without its end mark. */
const maxSocketPathBytes = 103
const busyPatienceMs = 10_000

/**
 * Starts the PostgreSQL of a data folder and keeps it running until `stop`.
 *
 * The first start makes the cluster (`postgres/`), its password (`postgres-password`) and the database. A PostgreSQL that
 * an earlier server left behind is stopped first. Throws `FolderInUse` when another server has the folder. Call it from
 * the main thread: on Linux PostgreSQL dies with the thread that started it.
 */
export async function startPostgres(options: { dataFolder: string; log: PostgresLog }): Promise<Postgres> {
  const { dataFolder, log } = options
  // Passable for the user PostgreSQL runs as, listable for nobody: what is secret inside has a mode of its own.
  await mkdir(dataFolder, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
  const folder = await realpath(dataFolder)
  const giveBackFolder = await takeFolder(folder)
  try {
    const path = join(folder, 'postgres')
    const account = await chooseAccount(path)
    const [binaries, setpriv] = await Promise.all([prepareBinaries(folder, account), findSetpriv()])
    const cluster: Cluster = { path, account, binaries, setpriv, log }
    const passwordFile = join(folder, 'postgres-password')
    const password = await ensurePassword(passwordFile)
    await ensureCluster(cluster, passwordFile)
    const socket = await shortenSocketFolder(path)
    const connection = { host: socket.folder, port, user: role, password, database }
    const first = await startWhenClear(cluster, connection)
    return await supervise(cluster, connection, first, async () => {
      await socket.release()
      await giveBackFolder()
    })
  } catch (error) {
    await giveBackFolder()
    throw error
  }
}

/** Restarts PostgreSQL whenever it ends by itself: at once, then ever more slowly, but without giving up. */
async function supervise(
  cluster: Cluster,
  connection: PostgresConnection,
  first: Postmaster,
  release: () => Promise<void>,
): Promise<Postgres> {
  const { log } = cluster
  const listeners: ((how: string) => void)[] = []
  const stopping = new AbortController()
  let current = first
  let stopped: Promise<void> | undefined

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      const how = await current.exit
      if (stopping.signal.aborted) return
      log.error({ how, pid: current.pid }, 'PostgreSQL ended unexpectedly; restarting it')
      for (const listener of listeners) listener(how)
      await restart()
    }
  }

  async function restart(): Promise<void> {
    for (let waitMs = 100; !stopping.signal.aborted; waitMs = Math.min(waitMs * 2, 5000)) {
      try {
        current = await startWhenClear(cluster, connection)
        log.info({ pid: current.pid }, 'PostgreSQL runs again')
        return
      } catch (error) {
        log.error({ err: error, retryInMs: waitMs }, 'PostgreSQL could not be restarted')
        await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
  }

  try {
    await ensureDatabase(connection)
  } catch (error) {
    await first.stop()
    throw error
  }
  const watching = watch()

  return {
    connection,
    get pid() {
      return current.pid
    },
    onExit(listener) {
      listeners.push(listener)
    },
    stop() {
      stopped ??= (async () => {
        stopping.abort()
        await current.stop()
        await watching
        // A restart that was under way when we were asked to stop has put another one in place.
        await current.stop()
        await release()
      })()
      return stopped
    },
  }
}

/** Clears what an earlier life left and starts; what is about to vanish (a dying process) is given some seconds. */
async function startWhenClear(cluster: Cluster, { host }: PostgresConnection): Promise<Postmaster> {
  const giveUpAt = Date.now() + busyPatienceMs
  for (;;) {
    try {
      await clearCluster(cluster)
      if (await hasListener(join(host, `.s.PGSQL.${port}`)))
        throw new FolderInUse(cluster.path, 'a PostgreSQL that this machine cannot see, perhaps in another container')
      return await launch(cluster)
    } catch (error) {
      if (!(error instanceof ClusterBusy) || Date.now() > giveUpAt) throw error
      await sleep(250)
    }
  }
}

/** Makes role and database where missing. The role is not a superuser, as with an external PostgreSQL. */
async function ensureDatabase({ host, password }: PostgresConnection): Promise<void> {
  const client = new pg.Client({ host, port, user: superuser, password, database: 'postgres' })
  // An end of the connection also fails the query under way; without a listener it would end the process.
  client.on('error', () => {})
  await client.connect()
  try {
    const { rowCount: roleCount } = await client.query('select from pg_roles where rolname = $1', [role])
    // CREATE ROLE takes no parameters; the password is our own, of digits and letters.
    if (roleCount === 0) await client.query(`create role ${role} login createdb password '${password}'`)
    const { rowCount: databaseCount } = await client.query('select from pg_database where datname = $1', [database])
    if (databaseCount === 0) await client.query(`create database ${database} owner ${role}`)
  } finally {
    await client.end().catch(() => {})
  }
}

async function ensurePassword(path: string): Promise<string> {
  const existing = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return ''
  })
  if (existing.trim()) return existing.trim()
  // Written whole or not at all, and on disk before a cluster exists that can only be opened with it.
  const password = randomBytes(24).toString('hex')
  const unfinished = `${path}.unfinished`
  const file = await open(unfinished, 'w', 0o600)
  await file.writeFile(`${password}\n`)
  await file.sync()
  await file.close()
  await rename(unfinished, path)
  return password
}

/** A folder by which clients can call the socket: the cluster itself, or a link to it when its path is too long. */
async function shortenSocketFolder(cluster: string): Promise<{ folder: string; release(): Promise<void> }> {
  const longest = join(cluster, `.s.PGSQL.${port}`)
  if (Buffer.byteLength(longest) <= maxSocketPathBytes) return { folder: cluster, release: async () => {} }
  const name = createHash('sha256').update(`${process.getuid?.()}:${cluster}`).digest('hex').slice(0, 16)
  const link = join(tmpdir(), `sotto-${name}`)
  await ensureLink(link, cluster)
  // Temporary folders are swept of what has not been touched for days.
  const touch = setInterval(() => ensureLink(link, cluster).catch(() => {}), 3_600_000).unref()
  return {
    folder: link,
    async release() {
      clearInterval(touch)
      await unlink(link).catch(() => {})
    },
  }
}

async function ensureLink(link: string, goal: string): Promise<void> {
  try {
    await symlink(goal, link)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const existing = await lstat(link)
    // Somebody else's link could lead to somebody else's socket.
    if (!existing.isSymbolicLink() || existing.uid !== process.getuid?.() || (await readlink(link)) !== goal)
      throw new Error(`${link} is in the way. Remove it, set TMPDIR, or choose a data folder with a shorter path.`)
    await lutimes(link, new Date(), new Date())
  }
}
