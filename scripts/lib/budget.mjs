import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'

/** What a phone must download before the first screen: 120 kB of compressed script. */
export const budgetBytes = 120_000

/** The scripts that a built page loads at its start, each with its size as sent: modules, their preloads, classic scripts. */
export function listFirstScripts(distFolder) {
  const html = readFileSync(join(distFolder, 'index.html'), 'utf8')
  const tags = html.match(/<(script|link)\b[^>]*>/gi) ?? []
  const paths = new Set()
  for (const tag of tags) {
    const isScript = /^<script/i.test(tag)
    if (!isScript && !/\brel=["']?modulepreload/i.test(tag)) continue
    const path = (isScript ? /\bsrc=["']?([^"'\s>]+)/i : /\bhref=["']?([^"'\s>]+)/i).exec(tag)?.[1]
    if (path) paths.add(path.replace(/^\.?\//, '').replace(/[?#].*$/, ''))
  }
  return [...paths].map((path) => ({ path, bytes: brotliCompressSync(readFileSync(join(distFolder, path))).length }))
}

/** The verdict on a build as `{ text, isMet }`; a page without scripts is not met, because nothing was measured. */
export function checkBudget(distFolder) {
  const scripts = listFirstScripts(distFolder)
  const bytes = scripts.reduce((sum, script) => sum + script.bytes, 0)
  const kilobytes = (bytes / 1000).toFixed(1)
  const text =
    scripts.length === 0
      ? 'no script was found in dist/index.html, so nothing was measured'
      : `first screen: ${kilobytes} kB of compressed script in ${scripts.length} files (budget ${budgetBytes / 1000} kB)`
  return { text, isMet: scripts.length > 0 && bytes <= budgetBytes }
}
