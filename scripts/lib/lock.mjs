import { createHash } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { root } from './root.mjs'
import { say } from './run.mjs'

/** Lets one command at a time install or build in this checkout; others wait. Outside the checkout, as npm empties folders. */
export async function withLock(work) {
  const name = createHash('sha256').update(`${process.getuid?.()}:${root}`).digest('hex').slice(0, 16)
  const lock = join(tmpdir(), `sotto-${name}.lock`)
  let said = false
  while (!take(lock)) {
    if (!said) say('Waiting for another command that installs or builds in this folder…')
    said = true
    await sleep(300)
  }
  const free = () => rmSync(lock, { force: true })
  process.once('exit', free)
  try {
    return await work()
  } finally {
    free()
    process.off('exit', free)
  }
}

/** A link appears with its content, so nobody ever reads a lock without a pid. */
function take(lock) {
  const mine = `${lock}.${process.pid}`
  writeFileSync(mine, String(process.pid))
  try {
    linkSync(mine, lock)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    removeIfStale(lock)
    return false
  } finally {
    rmSync(mine, { force: true })
  }
}

function removeIfStale(lock) {
  const holder = readHolder(lock)
  if (holder === undefined || isAlive(holder)) return
  // Moved aside first: of two who find it stale, only one removes this file; had it become somebody's, it goes back.
  const aside = `${lock}.stale-${process.pid}`
  try {
    renameSync(lock, aside)
    if (readHolder(aside) !== holder) linkSync(aside, lock)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

function readHolder(path) {
  try {
    return Number(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
