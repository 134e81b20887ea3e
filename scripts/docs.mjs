// npm run docs: writes docs/reference from the schemas and tables in the code.
import { join } from 'node:path'
import { prepare } from './lib/install.mjs'
import { root } from './lib/root.mjs'
import { becomeProgram, fail } from './lib/run.mjs'

try {
  const node = await prepare()
  becomeProgram(node, [join(root, 'apps/server/src/main.ts'), 'docs', ...process.argv.slice(2)])
} catch (error) {
  fail(error)
}
