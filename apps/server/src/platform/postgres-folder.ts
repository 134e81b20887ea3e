import { randomInt } from 'node:crypto'
import { mkdir, readdir, readFile, realpath, unlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRunning, type ProcessIdentity, processStartTime } from './postgres-process.ts'

/** Another server works in the data folder; the message says which one and what to do. */
export class FolderInUse extends Error {
  constructor(folder: string, by: string) {
    super(
      `The data folder ${folder} is in use by ${by}. ` +
        'Stop that server first, or give this one a data folder of its own (SOTTO_DATA).',
    )
    this.name = 'FolderInUse'
  }
}

const heldHere = new Set<string>()

/**
 * Takes the data folder for this process; the answer gives it back. Refuses with `FolderInUse`.
 *
 * Everybody who wants the folder first writes a claim of their own under `lock/` and then reads all the others, so of two
 * that come at the same moment at least one sees the other: never two holders. A claim is named after its process and
 * that process's start, a name that never comes again, so removing the claim of a dead process cannot hit a live one.
 * (One shared lock file cannot be cleared of a dead holder without a moment in which it clears a live one.)
 */
export async function takeFolder(dataFolder: string): Promise<() => Promise<void>> {
  const folder = await realpath(dataFolder)
  if (heldHere.has(folder)) throw new FolderInUse(folder, `this same process (${process.pid})`)
  heldHere.add(folder)
  try {
    const claim = await claimFolder(folder)
    return async () => {
      await removeClaim(claim)
      heldHere.delete(folder)
    }
  } catch (error) {
    heldHere.delete(folder)
    throw error
  }
}

async function claimFolder(folder: string): Promise<string> {
  const me: ProcessIdentity = { pid: process.pid, startTime: processStartTime(process.pid) ?? 'unknown' }
  const locks = `${folder}/lock`
  const claim = `${locks}/${me.pid}-${me.startTime.replace(/[^0-9A-Za-z]+/g, '-')}`
  await mkdir(locks, { recursive: true, mode: 0o700 })
  // A holder keeps its claim and a rival withdraws, so whoever is still there after some rounds holds the folder.
  for (let round = 1; ; round++) {
    await writeFile(claim, JSON.stringify(me), { mode: 0o600 })
    const other = await findOtherClaim(locks, claim)
    if (!other) return claim
    await removeClaim(claim)
    if (round === 8) throw new FolderInUse(folder, `another server (process ${other.pid})`)
    await sleep(randomInt(10, 80))
  }
}

async function findOtherClaim(locks: string, mine: string): Promise<ProcessIdentity | undefined> {
  for (const name of await readdir(locks)) {
    const path = `${locks}/${name}`
    if (path === mine) continue
    const claim = await readClaim(path)
    if (claim === 'gone') continue
    // The file of somebody between creating and writing it is empty: its pid is in its name.
    if (claim === 'unreadable') {
      const pid = Number.parseInt(name, 10)
      if (processStartTime(pid)) return { pid, startTime: '' }
    } else if (isRunning(claim)) return claim
    await removeClaim(path)
  }
  return undefined
}

async function readClaim(path: string): Promise<ProcessIdentity | 'gone' | 'unreadable'> {
  try {
    const { pid, startTime } = JSON.parse(await readFile(path, 'utf8')) as Partial<ProcessIdentity>
    return typeof pid === 'number' && typeof startTime === 'string' ? { pid, startTime } : 'unreadable'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : 'unreadable'
  }
}

async function removeClaim(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

/**
 * True when somebody accepts connections on the socket. Asked when no process of ours is left: what answers then runs
 * where its pid cannot be seen, for example in another container that mounts the same folder.
 */
export function hasListener(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    const answer = (value: boolean) => {
      socket.destroy()
      resolve(value)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
    socket.setTimeout(1000, () => answer(false))
  })
}
