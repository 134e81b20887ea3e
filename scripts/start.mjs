// npm start: installs, builds and starts Sotto. --dev restarts and rebuilds on change; --demo fills it with a school.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { prepare } from './lib/install.mjs'
import { programOf } from './lib/programs.mjs'
import { root } from './lib/root.mjs'
import { becomeProgram, fail } from './lib/run.mjs'
import { buildWeb, hasWebApp, webFolder } from './lib/web.mjs'

const args = process.argv.slice(2)
const isDev = args.includes('--dev')
const serveArgs = args.filter((arg) => arg !== '--dev')
const main = join(root, 'apps/server/src/main.ts')

try {
  const node = await prepare()
  await buildWeb(node)
  if (isDev && hasWebApp()) rebuildOnChange(node)
  becomeProgram(node, [...(isDev ? ['--watch', '--watch-preserve-output'] : []), main, 'serve', ...serveArgs], {
    // Half of a start is compiling what was compiled the last time.
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled') },
  })
} catch (error) {
  fail(error)
}

/** Rebuilds instead of serving modules one by one, so that the page runs under the same headers as in earnest. */
function rebuildOnChange(node) {
  const builder = spawn(node, [programOf('vite', 'apps/web'), 'build', '--watch', '--logLevel', 'warn'], {
    cwd: webFolder,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  builder.once('error', fail)
  process.once('exit', () => builder.kill())
}
