// npm run bench: measures Sotto and prints each figure with what it was compared to.
import { join } from 'node:path'
import { prepare } from './lib/install.mjs'
import { root } from './lib/root.mjs'
import { becomeProgram, fail } from './lib/run.mjs'

try {
  const node = await prepare()
  becomeProgram(node, [join(root, 'bench/src/main.ts'), ...process.argv.slice(2)])
} catch (error) {
  fail(error)
}
