// A stamp is a file that says which inputs a result was made from. It is written last, so a cut-short run leaves none.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const ignored = new Set(['node_modules', 'dist', 'test-results', '.git'])

/** One hash over names and contents of the files, and of everything below those that are folders. */
export function hashFiles(base, paths, extra = '') {
  const hash = createHash('sha256').update(extra)
  for (const path of paths) addTo(hash, base, path)
  return hash.digest('hex')
}

function addTo(hash, base, path) {
  const full = join(base, path)
  if (!existsSync(full)) return
  if (statSync(full).isDirectory()) {
    for (const name of readdirSync(full).sort()) if (!ignored.has(name)) addTo(hash, base, `${path}/${name}`)
    return
  }
  const content = readFileSync(full)
  hash.update(`\0${path}\0${content.length}\0`).update(content)
}

export function readStamp(path) {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

export function writeStamp(path, hash) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.${process.pid}`, `${hash}\n`)
  renameSync(`${path}.${process.pid}`, path)
}
