import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'

/** One process of the operating system. A pid alone may have been given to somebody else meanwhile. */
export type ProcessIdentity = { readonly pid: number; readonly startTime: string }

export type PostgresProcess = ProcessIdentity & { readonly parentPid: number }

const onLinux = process.platform === 'linux'

/**
 * When the process was started, as an opaque text that only equality is good for: two processes that get the same pid
 * one after the other differ in it. Nothing when there is no such process, or only its zombie.
 */
export function processStartTime(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  return onLinux ? linuxProcess(pid)?.startTime : otherProcess(pid)
}

/** True while exactly this process runs; a zombie and a later process with the same pid do not count. */
export function isRunning(identity: ProcessIdentity): boolean {
  return processStartTime(identity.pid) === identity.startTime
}

/** Sends the signal if this very process still runs, and says whether it did. Never signals a recycled pid. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false
  try {
    process.kill(identity.pid, signal)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** True when the pid is taken by anything at all: this is what PostgreSQL asks before it trusts its own pid file. */
export function isPidTaken(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * The name a cluster's processes carry in their command lines (PostgreSQL's `cluster_name`). Made from device and inode of
 * the folder, so a copy of a data folder, or another one mounted at the same path, has another name.
 */
export function clusterName(cluster: string): string {
  const { dev, ino } = statSync(cluster)
  return `sotto-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 16)}`
}

/**
 * The PostgreSQL processes that work in this cluster folder, whoever started them; a pid file is not needed.
 *
 * PostgreSQL changes into its cluster folder and stays there, so on Linux the working folder tells, compared by inode
 * (which sees through links, mounts and renames). Where it may not be read (another user's process, seen by a root without
 * the right to trace, as in containers) or does not exist (macOS), the cluster's name in the command line tells.
 */
export function listPostgresProcesses(cluster: string): PostgresProcess[] {
  if (!statSync(cluster, { throwIfNoEntry: false })) return []
  return onLinux ? listFromProc(cluster) : listFromPs(clusterName(cluster))
}

function listFromProc(cluster: string): PostgresProcess[] {
  const folder = statSync(cluster)
  const name = clusterName(cluster)
  const found: PostgresProcess[] = []
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry)
    if (!Number.isInteger(pid)) continue
    const candidate = linuxProcess(pid)
    if (candidate?.command !== 'postgres') continue
    try {
      const workingFolder = statSync(`/proc/${pid}/cwd`)
      if (workingFolder.ino !== folder.ino || workingFolder.dev !== folder.dev) continue
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EACCES' || !readCommandLine(pid).includes(name)) continue
    }
    found.push({ pid, parentPid: candidate.parentPid, startTime: candidate.startTime })
  }
  return found
}

function listFromPs(name: string): PostgresProcess[] {
  const found: PostgresProcess[] = []
  for (const line of ps(['-ax', '-o', 'pid=,ppid=,command='])?.split('\n') ?? []) {
    const [, pid, parentPid, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    if (!command?.includes('postgres') || !command.includes(name)) continue
    const startTime = processStartTime(Number(pid))
    if (startTime) found.push({ pid: Number(pid), parentPid: Number(parentPid), startTime })
  }
  return found
}

function readCommandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

function linuxProcess(pid: number) {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  // The command stands in brackets and may itself contain brackets and spaces: proc(5), /proc/pid/stat.
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  const fields = text.slice(close + 2).split(' ')
  const state = fields[0]
  if (state === 'Z' || state === 'X') return undefined
  // Field 22: ticks since the machine started, so the machine's own start belongs to it.
  const startTime = `${bootId()}:${fields[19]}`
  return { command: text.slice(open + 1, close), parentPid: Number(fields[1]), startTime }
}

let cachedBootId: string | undefined
function bootId(): string {
  cachedBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  return cachedBootId
}

function otherProcess(pid: number): string | undefined {
  if (ps(['-o', 'state=', '-p', String(pid)])?.startsWith('Z')) return undefined
  return ps(['-o', 'lstart=', '-p', String(pid)])
}

function ps(args: string[]): string | undefined {
  try {
    const output = execFileSync('/bin/ps', ['-ww', ...args], { encoding: 'utf8', env: { LC_ALL: 'C' }, stdio: 'pipe' })
    return output.trim() || undefined
  } catch {
    return undefined
  }
}
