// Brings the Node that Sotto runs on. This file and its neighbours run on Node 18 and need no dependency.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './root.mjs'
import { run, say } from './run.mjs'
import { hashFiles, readStamp, writeStamp } from './stamps.mjs'

const neededMajor = 24
const toolsFolder = join(root, 'tools/node')

/** A Node that is new enough, as `{ path, version }`: the one that runs this, or the one of tools/node, brought if missing. */
export async function ensureNode() {
  if (Number.parseInt(process.versions.node, 10) >= neededMajor)
    return { path: process.execPath, version: process.versions.node }

  const packageName = `node-${process.platform}-${process.arch}`
  const manifest = JSON.parse(readFileSync(join(toolsFolder, 'package.json'), 'utf8'))
  if (!(packageName in manifest.optionalDependencies)) throw new Error(explainMissingNode())

  const folder = join(toolsFolder, 'node_modules', packageName)
  const path = join(folder, 'bin/node')
  const hash = hashFiles(toolsFolder, ['package.json', 'package-lock.json'], packageName)
  const stamp = join(toolsFolder, 'node_modules/.sotto-stamp')
  if (readStamp(stamp) !== hash || !existsSync(path)) {
    say(`Bringing Node ${neededMajor} (this one is ${process.versions.node})…`)
    // The old Node will do here: these packages have no scripts and ask for no version of Node.
    await run(process.execPath, [findNpm(), 'ci', '--prefix', toolsFolder], { cwd: toolsFolder, env: quietNpm() })
    if (!existsSync(path) || spawnSync(path, ['--version']).status !== 0) throw new Error(explainMissingNode())
    writeStamp(stamp, hash)
  }
  return { path, version: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version }
}

function explainMissingNode() {
  return (
    `Sotto needs Node ${neededMajor} or later. This is Node ${process.versions.node}, and no package brings a newer one for ` +
    `this machine (${process.platform} ${process.arch}). Install Node ${neededMajor} from https://nodejs.org/en/download ` +
    `or with a version manager ("nvm install ${neededMajor}", "brew install node@${neededMajor}"), then run the command again.`
  )
}

/** npm's own program as a file, so that any Node can run it. */
export function findNpm() {
  const bin = dirname(realpathSync(process.execPath))
  const candidates = [
    process.env.npm_execpath,
    join(bin, '../lib/node_modules/npm/bin/npm-cli.js'),
    join(bin, 'node_modules/npm/bin/npm-cli.js'),
    '/usr/share/nodejs/npm/bin/npm-cli.js',
    '/usr/lib/node_modules/npm/bin/npm-cli.js',
    '/usr/local/lib/node_modules/npm/bin/npm-cli.js',
    '/opt/homebrew/lib/node_modules/npm/bin/npm-cli.js',
  ]
  // npm_execpath names whatever program started us, which may also be another package manager.
  const found = candidates.find((path) => path && /npm-cli\.[cm]?js$/.test(path) && existsSync(path))
  if (found) return realpathSync(found)
  const answer = spawnSync('npm', ['root', '--global'], { encoding: 'utf8' })
  const asked = join((answer.stdout ?? '').trim(), 'npm/bin/npm-cli.js')
  if (existsSync(asked)) return realpathSync(asked)
  throw new Error('npm was not found. Install it (on Debian: apt-get install npm) and run the command again.')
}

/** The environment for npm: no chatter, no requests beside the installation, and the build tools always included. */
export function quietNpm(nodeFolder) {
  const env = { ...process.env }
  // What the npm that started us was told ("npm -w x test") is not meant for the npm that we start.
  const notInherited =
    /^npm_config_(prefix|local_prefix|workspaces?|include_workspace_root|omit|include|only|production|global|dry_run)$/i
  for (const name of Object.keys(env)) if (notInherited.test(name)) delete env[name]
  if (nodeFolder) env.PATH = `${nodeFolder}:${env.PATH ?? ''}`
  return {
    ...env,
    npm_config_update_notifier: 'false',
    npm_config_fund: 'false',
    npm_config_audit: 'false',
    npm_config_progress: 'false',
    npm_config_loglevel: 'error',
    // NODE_ENV=production would leave them out.
    npm_config_include: 'dev',
  }
}
