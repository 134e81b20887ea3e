import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin, ResolvedConfig } from 'vite'

/**
 * Builds the service worker as `/sw.js` and writes into it the list of everything the shell needs offline: each address with a hash
 * of its content. The worker's own bytes change exactly when a file of the shell does, which is what makes browsers update it.
 */
export function serviceWorker(source: string): Plugin {
  let config: ResolvedConfig
  return {
    name: 'sotto-service-worker',
    apply: 'build',
    enforce: 'post',
    configResolved(resolved) {
      config = resolved
    },
    buildStart() {
      this.emitFile({ type: 'chunk', id: join(config.root, source), fileName: 'sw.js', name: 'sw' })
    },
    generateBundle(_options, bundle) {
      const files: [address: string, hash: string][] = []
      for (const file of Object.values(bundle)) {
        if (file.fileName === 'sw.js' || file.fileName.endsWith('.map')) continue
        const content = file.type === 'chunk' ? file.code : file.source
        files.push([file.fileName === 'index.html' ? '/' : `/${file.fileName}`, hash(content)])
      }
      for (const name of readdirSync(config.publicDir, { recursive: true, encoding: 'utf8' })) {
        if (/\.[a-z0-9]+$/.test(name))
          files.push([`/${name.replaceAll('\\', '/')}`, hash(readFileSync(join(config.publicDir, name)))])
      }
      const worker = bundle['sw.js']
      if (worker?.type !== 'chunk') throw new Error('The service worker was not built.')
      if (worker.imports.length > 0)
        throw new Error(`The service worker must stand alone, but imports ${worker.imports.join(', ')}.`)
      if (!files.some(([address]) => address === '/'))
        throw new Error('index.html is not among the files of the shell.')
      files.sort(([a], [b]) => (a < b ? -1 : 1))
      const code = worker.code.replace(/[\w$]+\.__SHELL__/, () => JSON.stringify(files))
      if (code === worker.code) throw new Error('The service worker does not ask for the files of the shell.')
      worker.code = code
    },
  }
}

function hash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 12)
}
