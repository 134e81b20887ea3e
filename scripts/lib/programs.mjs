import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './root.mjs'

/** The file of a program that an installed package brings, seen from a workspace. To be run by Node, without a shell. */
export function programOf(packageName, workspace = '.', name = packageName.split('/').pop()) {
  for (let folder = join(root, workspace); ; folder = dirname(folder)) {
    const packageFolder = join(folder, 'node_modules', packageName)
    if (existsSync(join(packageFolder, 'package.json'))) {
      const { bin } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'))
      return join(packageFolder, typeof bin === 'string' ? bin : bin[name])
    }
    if (folder === dirname(folder) || folder === root)
      throw new Error(`The package ${packageName} is not installed. Delete node_modules and run the command again.`)
  }
}
