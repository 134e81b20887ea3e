// The programs that the tests need and npm does not bring: a browser, Redis, and a PostgreSQL that is not ours.
import { spawnSync } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { run, say } from './run.mjs'

/** The oldest that Sotto runs on. */
const oldestPostgres = 15

const needs = {
  browser: {
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    paths: () => [
      '/usr/bin/chromium',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ],
    debianPackage: 'chromium',
    what: 'Chromium or Chrome (for the browser journeys)',
    brew: 'brew install --cask chromium',
    variable: 'SOTTO_CHROMIUM',
  },
  redis: {
    names: ['redis-server', 'valkey-server'],
    paths: () => ['/usr/bin/redis-server'],
    debianPackage: 'redis-server',
    what: 'redis-server (for the tests with several nodes)',
    brew: 'brew install redis',
    variable: 'SOTTO_REDIS_SERVER',
  },
  postgres: {
    names: ['postgres'],
    paths: listPostgres,
    fits: isNewEnough,
    debianPackage: 'postgresql',
    what: `PostgreSQL ${oldestPostgres} or later (for the tests with an external database)`,
    brew: `brew install postgresql@${oldestPostgres}`,
    variable: 'SOTTO_POSTGRES',
  },
}

/** What is asked of the machine; `root` is the folder in which its file system begins, another one in the tests. */
const thisMachine = { env: process.env, root: '/', isAdministrator: process.getuid?.() === 0 }

/**
 * Finds the programs, on Debian as root installs those that are missing, elsewhere refuses and says how to get them. Answers
 * with the environment variables that tell the tests where they are.
 */
export async function ensurePrograms(wanted, machine = thisMachine) {
  const missing = wanted.filter((name) => !find(needs[name], machine))
  if (missing.length > 0) {
    if (!canUseApt(machine)) throw new Error(explain(missing))
    await install(missing, machine)
    const still = missing.filter((name) => !find(needs[name], machine))
    if (still.length > 0) throw new Error(explain(still))
  }
  return Object.fromEntries(wanted.map((name) => [needs[name].variable, find(needs[name], machine)]))
}

function find({ names, paths, variable, fits = () => true }, { env, root }) {
  const chosen = env[variable]
  if (chosen && !isProgram(chosen)) throw new Error(`${variable} is set to ${chosen}, which is not a program.`)
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean)
  const known = paths(root).map((path) => join(root, path))
  const named = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  return chosen || [...known, ...named].find((path) => isProgram(path) && fits(path))
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Debian keeps one beside the other, out of the PATH. The oldest that will do comes first: the others are nearer to our own. */
function listPostgres(root) {
  const folder = '/usr/lib/postgresql'
  const versions = existsSync(join(root, folder))
    ? readdirSync(join(root, folder))
        .map(Number)
        .sort((a, b) => a - b)
    : []
  const brewed = ['/opt/homebrew', '/usr/local'].map(
    (prefix) => `${prefix}/opt/postgresql@${oldestPostgres}/bin/postgres`,
  )
  return [...versions.map((version) => `${folder}/${version}/bin/postgres`), ...brewed]
}

function isNewEnough(path) {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  return Number(/\d+/.exec(stdout ?? '')?.[0]) >= oldestPostgres
}

function canUseApt({ isAdministrator, root }) {
  if (!isAdministrator || !existsSync(join(root, 'usr/bin/apt-get'))) return false
  const release = join(root, 'etc/os-release')
  // Relatives of Debian ship Chromium in other ways, under this name an empty one.
  return /^ID=debian$/m.test(existsSync(release) ? readFileSync(release, 'utf8') : '')
}

async function install(missing, machine) {
  const packages = missing.map((name) => needs[name].debianPackage)
  say(`Installing ${packages.join(' and ')} with apt-get…`)
  const env = { ...machine.env, DEBIAN_FRONTEND: 'noninteractive' }
  const quiet = { env, stdio: ['ignore', 'ignore', 'inherit'] }
  // A mirror that fails once, and a machine that is just updating itself, are no reason to fail.
  const patience = ['-o', 'Acquire::Retries=3', '-o', 'DPkg::Lock::Timeout=120']
  const allowClusters = forbidClusters(machine)
  try {
    await run('apt-get', ['update', '-qq', ...patience], quiet)
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...patience, ...packages], quiet)
  } finally {
    allowClusters()
  }
}

/** While Debian installs PostgreSQL it makes a cluster of its own and starts it; the tests make theirs. */
function forbidClusters({ root }) {
  const folder = join(root, 'etc/postgresql-common/createcluster.d')
  const file = join(folder, 'sotto-tests.conf')
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, 'create_main_cluster = false\n')
  return () => rmSync(file, { force: true })
}

function explain(missing) {
  const lines = missing.map((name) => {
    const { what, debianPackage, brew, variable } = needs[name]
    const how =
      process.platform === 'darwin' ? brew : `on Debian: apt-get install --no-install-recommends ${debianPackage}`
    return `  ${what}: ${how}; or set ${variable} to its path`
  })
  return `The tests need programs that are not on this machine:\n${lines.join('\n')}\nThen run the command again.`
}
