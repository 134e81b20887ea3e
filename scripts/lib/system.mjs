// The programs that the tests need and npm does not bring: a browser and Redis.
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run, say } from './run.mjs'

const needs = {
  browser: {
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    paths: [
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
    paths: ['/usr/bin/redis-server'],
    debianPackage: 'redis-server',
    what: 'redis-server (for the tests with several nodes)',
    brew: 'brew install redis',
    variable: 'SOTTO_REDIS_SERVER',
  },
}

/**
 * Finds the programs, on Debian as root installs those that are missing, elsewhere refuses and says how to get them. Answers
 * with the environment variables that tell the tests where they are.
 */
export async function ensurePrograms(wanted) {
  const missing = wanted.filter((name) => !find(needs[name]))
  if (missing.length > 0) {
    if (!canUseApt()) throw new Error(explain(missing))
    const packages = missing.map((name) => needs[name].debianPackage)
    say(`Installing ${packages.join(' and ')} with apt-get…`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const quiet = { env, stdio: ['ignore', 'ignore', 'inherit'] }
    await run('apt-get', ['update', '-qq'], quiet)
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], quiet)
    const still = missing.filter((name) => !find(needs[name]))
    if (still.length > 0) throw new Error(explain(still))
  }
  return Object.fromEntries(wanted.map((name) => [needs[name].variable, find(needs[name])]))
}

function find({ names, paths, variable }) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  const named = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  return [process.env[variable], ...paths, ...named].find((path) => path && existsSync(path))
}

function canUseApt() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false
  // Relatives of Debian ship Chromium in other ways, under this name an empty one.
  return /^ID=debian$/m.test(existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '')
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
