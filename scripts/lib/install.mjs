import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { withLock } from './lock.mjs'
import { ensureNode, findNpm, quietNpm } from './node.mjs'
import { root } from './root.mjs'
import { run, say } from './run.mjs'
import { hashFiles, readStamp, writeStamp } from './stamps.mjs'

/** Makes ready what every command needs, and answers with the path of a Node that can run it. Quick when nothing changed. */
export async function prepare() {
  return withLock(async () => {
    const node = await ensureNode()
    await installDependencies(node)
    return node.path
  })
}

async function installDependencies({ path, version }) {
  const inputs = [
    'package-lock.json',
    '.npmrc',
    'package.json',
    ...listWorkspaces().map((folder) => `${folder}/package.json`),
  ]
  const hash = hashFiles(root, inputs, `${version} ${process.platform} ${process.arch}`)
  const stamp = join(root, 'node_modules/.sotto-stamp')
  if (readStamp(stamp) === hash) return
  say('Installing dependencies…')
  // Under the Node that will use them: npm leaves out optional packages that the Node it runs on is too old for.
  await run(path, [findNpm(), 'ci'], { env: quietNpm(dirname(path)) })
  writeStamp(stamp, hash)
}

/** The workspace folders, from the patterns of package.json; a pattern is a folder or all folders of a folder. */
export function listWorkspaces() {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return workspaces
    .flatMap((pattern) => {
      if (!pattern.endsWith('/*')) return [pattern]
      const parent = pattern.slice(0, -2)
      return readdirSync(join(root, parent))
        .sort()
        .map((name) => `${parent}/${name}`)
    })
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
}
