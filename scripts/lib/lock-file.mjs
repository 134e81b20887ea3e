import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './root.mjs'

/**
 * What is wrong with a lock file, as sentences. npm drops an optional platform package whose version the registry lacks
 * without a word, and then `npm ci` fails, or works on the machine of the author only.
 */
export function checkLockFile(path) {
  const { packages } = JSON.parse(readFileSync(join(root, path), 'utf8'))
  const entries = Object.entries(packages ?? {})
  if (entries.length < 2) return [`${path} lists no packages`]
  const faults = []
  for (const [place, entry] of entries) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {}))
      if (!isListed(packages, place, name))
        faults.push(`${path}: ${place || 'the root'} misses its optional ${name}@${range}`)
    if (/^\w+(\+\w+)?:/.test(entry.resolved ?? ''))
      faults.push(`${path}: ${place} carries the address ${entry.resolved}`)
    const isOurs = place === '' || entry.link || !place.includes('node_modules/')
    if (!isOurs && !entry.integrity) faults.push(`${path}: ${place} has no integrity hash`)
  }
  return faults
}

/** Looks where Node would: beside the package, then in every node_modules above it. */
function isListed(packages, place, name) {
  for (let folder = place; ; ) {
    if (packages[`${folder ? `${folder}/` : ''}node_modules/${name}`]) return true
    if (!folder) return false
    const cut = folder.lastIndexOf('node_modules/')
    folder = cut < 0 ? '' : folder.slice(0, cut).replace(/\/$/, '')
  }
}
