import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from './lock.mjs'
import { programOf } from './programs.mjs'
import { root } from './root.mjs'
import { run, say } from './run.mjs'
import { hashFiles, readStamp, writeStamp } from './stamps.mjs'

const inputs = ['apps/web', 'packages/protocol', 'packages/client', 'package-lock.json', 'tsconfig.base.json']

export const webFolder = join(root, 'apps/web')
export const hasWebApp = () => existsSync(join(webFolder, 'index.html'))

/** Builds the web app when its inputs changed since the last whole build; says false when there is no web app yet. */
export async function buildWeb(node) {
  if (!hasWebApp()) {
    say('There is no web app yet (apps/web/index.html is missing); nothing to build.')
    return false
  }
  await withLock(async () => {
    // The build empties its folder first, so this stamp exists only after a build that came to its end.
    const stamp = join(webFolder, 'dist/.stamp')
    const hash = hashFiles(root, inputs)
    if (readStamp(stamp) === hash) return
    say('Building the web app…')
    await run(node, [programOf('vite', 'apps/web'), 'build', '--logLevel', 'warn'], { cwd: webFolder })
    writeStamp(stamp, hash)
  })
  return true
}
