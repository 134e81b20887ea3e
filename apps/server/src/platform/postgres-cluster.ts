import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, lchown, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Account, cleanEnvironment } from './postgres-binaries.ts'
import {
  clusterName,
  isPidTaken,
  isRunning,
  listPostgresProcesses,
  type PostgresProcess,
  signalProcess,
} from './postgres-process.ts'

/** Where log lines go; pino fits. */
export type PostgresLog = {
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
}

/** What is needed to run PostgreSQL's programs on one cluster folder. */
export type Cluster = {
  readonly path: string
  readonly binaries: string
  readonly account: Account | undefined
  readonly setpriv: string | undefined
  readonly log: PostgresLog
}

/** Left by an earlier life of the cluster and about to go away: worth trying again for some seconds. */
export class ClusterBusy extends Error {}

export const superuser = 'postgres'
export const port = 5432
const stopPatienceMs = 10_000

/** Makes the cluster if there is none. It appears under its name only when it is whole, so a crash here leaves nothing. */
export async function ensureCluster(cluster: Cluster, passwordFile: string): Promise<void> {
  const { path, account } = cluster
  if (await stat(join(path, 'PG_VERSION')).catch(() => undefined)) return giveToAccount(cluster)
  await removeUnfinished(path)
  // A name of its own: an initdb whose server was killed may still be writing into the earlier one for a moment.
  const unfinished = `${path}.unfinished-${randomBytes(4).toString('hex')}`
  await mkdir(unfinished, { mode: 0o700 })
  if (account) await chown(unfinished, account.uid, account.gid)
  await runInitdb({ ...cluster, path: unfinished }, passwordFile)
  // An empty folder may stand there already, for example the mount point of a volume; anything else makes this fail.
  await rename(unfinished, path)
  await syncFolder(dirname(path))
}

async function removeUnfinished(path: string): Promise<void> {
  const folder = dirname(path)
  for (const name of await readdir(folder))
    if (name.startsWith(`${basename(path)}.unfinished`))
      // What cannot be removed yet is removed at a later start that makes a cluster; it harms nobody meanwhile.
      await rm(join(folder, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
}

/** Data restored or copied by root belongs to root; PostgreSQL only starts on files of its own user. */
async function giveToAccount({ path, account }: Cluster): Promise<void> {
  if (!account || (await stat(path)).uid === account.uid) return
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true }))
    await lchown(join(entry.parentPath, entry.name), account.uid, account.gid)
  await chmod(path, 0o700)
  await chown(path, account.uid, account.gid)
}

async function runInitdb(cluster: Cluster, passwordFile: string): Promise<void> {
  // Handed over as an open file that has no name any more: the account may not enter the folder the password lies in, and
  // a copy with a name would stay behind if we were killed now. Written at an offset, so that reading begins at the start.
  const copyPath = `${passwordFile}.${randomBytes(4).toString('hex')}`
  const copy = await open(copyPath, 'wx+', 0o600)
  try {
    await rm(copyPath)
    const password = await readFile(passwordFile)
    await copy.write(password, 0, password.length, 0)
    if (cluster.account) await copy.chown(cluster.account.uid, cluster.account.gid)
    const args = ['-D', reachablePath(cluster), '-U', superuser, '--auth=scram-sha-256', '--no-instructions']
    // PostgreSQL's own C.UTF-8 sorts the same on every machine, whatever locales that machine has.
    args.push('--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C')
    args.push('--pwfile=/dev/fd/3')
    const child = spawnProgram(cluster, 'initdb', args, copy.fd)
    const output = collectLines(child)
    const failure = await exited(child)
    if (failure !== 'exit code 0') throw new Error(`initdb failed (${failure}): ${output.join(' ')}`)
  } finally {
    await copy.close()
  }
}

/**
 * Stops whatever PostgreSQL still works in the folder and clears its stale marks away. Call it only while holding the folder.
 *
 * An orphan is stopped and not adopted: stopping takes a tenth of a second, and a postmaster of our own is a child whose
 * death we learn at once, that dies with us, and that runs with the settings of this version.
 */
export async function clearCluster(cluster: Cluster): Promise<void> {
  await stopStrays(cluster)
  // PostgreSQL refuses to start while the pid in a stale file exists, no matter whose it is now, be it only a zombie.
  // Nobody works in the folder any more, so such a pid belongs to a stranger.
  for (const name of ['postmaster.pid', `.s.PGSQL.${port}.lock`]) {
    const file = join(cluster.path, name)
    const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10)
    if (!(pid > 0) || !isPidTaken(pid)) continue
    cluster.log.warn({ pid, file }, 'removing a stale PostgreSQL lock file whose pid belongs to another process now')
    await rm(file, { force: true })
  }
}

async function stopStrays({ path, log }: Cluster): Promise<void> {
  const strays = listPostgresProcesses(path)
  if (strays.length === 0) return
  const pids = new Set(strays.map(({ pid }) => pid))
  const roots = strays.filter(({ parentPid }) => !pids.has(parentPid))
  log.warn({ pids: roots.map(({ pid }) => pid) }, 'stopping a PostgreSQL that an earlier server left behind')
  // Fast shutdown, then immediate (recovers at the next start), then by force: never by force first.
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    const targets = signal === 'SIGKILL' ? listPostgresProcesses(path) : roots
    for (const stray of targets) signalProcess(stray, signal)
    if (await allGone(path, strays, stopPatienceMs)) return
  }
  throw new ClusterBusy(`A PostgreSQL left behind in ${path} cannot be stopped (pids ${[...pids].join(', ')}).`)
}

async function allGone(path: string, strays: PostgresProcess[], patienceMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += 20) {
    if (!strays.some(isRunning) && listPostgresProcesses(path).length === 0) return true
    await sleep(20)
  }
  return false
}

/** A PostgreSQL that accepts connections. */
export type Postmaster = {
  readonly pid: number
  /** Settles when the process has ended, however it ended. */
  readonly exit: Promise<string>
  /** Fast shutdown; settles when the process has ended. */
  stop(): Promise<void>
}

/** Starts PostgreSQL on the cluster and waits until it accepts connections, for as long as recovery takes. */
export async function launch(cluster: Cluster): Promise<Postmaster> {
  const settings = {
    cluster_name: clusterName(cluster.path),
    port,
    listen_addresses: '',
    // Relative to the cluster folder, which only PostgreSQL's user may enter: the path is short however deep the folder is.
    unix_socket_directories: '.',
    unix_socket_permissions: '0700',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    shared_buffers: `${sharedBuffersMegabytes()}MB`,
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    // Errors of statements reach the caller anyway; in a log they would carry people's data.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
    log_line_prefix: '',
    log_destination: 'stderr',
    logging_collector: 'off',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawnProgram(cluster, 'postgres', ['-D', reachablePath(cluster), ...options])
  const exit = exited(child)
  const lines = collectLines(child)
  let isStopping = false
  await new Promise<void>((resolve, reject) => {
    child.stderr?.once('error', reject)
    onLine(child, (line) => {
      report(cluster.log, line, isStopping)
      if (line.includes('database system is ready to accept connections')) resolve()
    })
    void exit.then((how) => reject(startFailure(how, lines)))
  })

  const killWithUs = () => child.kill('SIGINT')
  process.once('exit', killWithUs)
  void exit.finally(() => process.off('exit', killWithUs))
  return {
    pid: child.pid as number,
    exit,
    async stop() {
      isStopping = true
      child.kill('SIGINT')
      // A slow disk may need long for the last checkpoint; after a minute recovery at the next start is the lesser evil.
      const hurry = setTimeout(() => child.kill('SIGQUIT'), 60_000)
      await exit
      clearTimeout(hurry)
    },
  }
}

/** A quarter is usual for a machine of its own; here the server, and perhaps a desktop, want memory too. */
function sharedBuffersMegabytes(): number {
  return Math.round(Math.min(1024, Math.max(64, totalmem() / 2 ** 20 / 16)))
}

function startFailure(how: string, lines: string[]): Error {
  const output = lines.join(' ')
  const text = `PostgreSQL did not start (${how}): ${output || 'it said nothing'}`
  return /lock file .* already exists|pre-existing shared memory block/.test(output)
    ? new ClusterBusy(text)
    : new Error(text)
}

/**
 * The cluster folder as PostgreSQL shall call it. Started by root it runs as a user who may not be able to enter the
 * folders above (a home folder with mode 0700); it is put inside by us and can always call the place it stands in.
 */
function reachablePath({ path, account }: Cluster): string {
  return account && process.platform === 'linux' ? '/proc/self/cwd' : path
}

function spawnProgram(cluster: Cluster, name: string, args: string[], extraFile?: number): ChildProcess {
  const { path, binaries, account, setpriv } = cluster
  const program = join(binaries, 'bin', name)
  const options = {
    cwd: path,
    env: cleanEnvironment,
    stdio: ['ignore', 'ignore', 'pipe', ...(extraFile === undefined ? [] : [extraFile])] as (
      | 'ignore'
      | 'pipe'
      | number
    )[],
    // A session of its own, so that Ctrl-C in the terminal reaches us alone and we stop things in order.
    detached: true,
  }
  if (!setpriv) return spawn(program, args, { ...options, ...(account && { uid: account.uid, gid: account.gid }) })
  // The kernel sends SIGINT (fast shutdown) when we die without stopping it. The tie is to the thread that spawns.
  const wrapper = ['--pdeathsig', 'INT', '--no-new-privs']
  if (account) wrapper.push('--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups')
  return spawn(setpriv, [...wrapper, '--', program, ...args], options)
}

async function exited(child: ChildProcess): Promise<string> {
  const closed = new Promise((resolve) => child.once('close', resolve))
  const how = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`))
  })
  // The last words are worth a moment; more would be wrong, because a backend that outlives the postmaster holds the pipe.
  await Promise.race([closed, sleep(200)])
  return how
}

function onLine(child: ChildProcess, listener: (line: string) => void): void {
  if (child.stderr) createInterface({ input: child.stderr }).on('line', listener)
}

/** The latest lines the program said, to explain a failure with. */
function collectLines(child: ChildProcess): string[] {
  const lines: string[] = []
  onLine(child, (line) => {
    lines.push(line)
    if (lines.length > 20) lines.shift()
  })
  return lines
}

function report(log: PostgresLog, line: string, isStopping: boolean): void {
  const text = line.replace(/^\w+: +/, '')
  const from = { from: 'postgres' }
  if (/^PANIC:/.test(line)) log.error(from, text)
  // Every connection that a shutdown ends is FATAL to PostgreSQL.
  else if (/^(FATAL|WARNING):/.test(line) && !isStopping) log.warn(from, text)
  else log.info(from, text)
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  await folder.sync()
  await folder.close()
}
