export interface Segment {
  readonly text: string
  /** Where a link leads; absent for plain text. */
  readonly href?: string
}

const candidate = /(?:https?:\/\/|www\.|mailto:)[^\s<>"'`]+/giu
// What closes a sentence or a bracket around a link is not part of it.
const trailing = /[.,;:!?…)\]}»”’]+$/u

/** Splits a text into plain parts and links. Only http, https and mailto become links; joining all texts gives the input again. */
export function findLinks(text: string): Segment[] {
  const segments: Segment[] = []
  let end = 0
  for (const match of text.matchAll(candidate)) {
    const found = trim(match[0])
    const href = hrefOf(found)
    if (!href) continue
    if (match.index > end) segments.push({ text: text.slice(end, match.index) })
    segments.push({ text: found, href })
    end = match.index + found.length
  }
  if (end < text.length) segments.push({ text: text.slice(end) })
  return segments
}

function trim(found: string): string {
  const cut = found.replace(trailing, '')
  const rest = found.slice(cut.length)
  // Keep a closing bracket whose opening one is inside the link, as in Wikipedia addresses.
  if (rest.startsWith(')') && count(cut, '(') > count(cut, ')')) return `${cut})`
  return cut
}

function count(text: string, sign: string): number {
  return text.split(sign).length - 1
}

function hrefOf(found: string): string | null {
  const address = /^www\./i.test(found) ? `https://${found}` : found
  const url = URL.parse(address)
  if (!url) return null
  if (url.protocol === 'mailto:') return url.pathname.includes('@') ? url.href : null
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null
  return url.hostname === 'localhost' || url.hostname.includes('.') || url.hostname.startsWith('[') ? url.href : null
}
