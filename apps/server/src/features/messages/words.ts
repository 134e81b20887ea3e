import type { InstanceSettings } from '@sotto/protocol'

/** Whether a text contains one of the words. */
type Filter = (text: string) => boolean

const filters = new WeakMap<readonly string[], Filter>()
const segmenter = new Intl.Segmenter('und', { granularity: 'word' })
/** Scripts that are written without spaces, where what a word is depends on who reads. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u
/** Marks that nobody sees, put into a word to hide it. */
const invisible = /\p{Default_Ignorable_Code_Point}/gu

/** Made once for each version of the settings. */
export function filterOf({ word_filter }: Pick<InstanceSettings, 'word_filter'>): Filter {
  const known = filters.get(word_filter)
  if (known) return known
  const filter = makeFilter(word_filter)
  filters.set(word_filter, filter)
  return filter
}

function makeFilter(words: readonly string[]): Filter {
  const parts: string[] = []
  /** Sequences of whole words, by their first. */
  const sequences = new Map<string, string[][]>()
  for (const word of words.map(fold)) {
    const sequence = wordsOf(word)
    const [first] = sequence
    if (first === undefined || unspaced.test(word)) {
      if (word.trim() !== '') parts.push(word.trim())
    } else sequences.set(first, [...(sequences.get(first) ?? []), sequence])
  }
  if (parts.length === 0 && sequences.size === 0) return () => false
  return (text) => {
    const folded = fold(text)
    if (parts.some((part) => folded.includes(part))) return true
    if (sequences.size === 0) return false
    const said = wordsOf(folded)
    return said.some((word, at) =>
      sequences.get(word)?.some((sequence) => sequence.every((next, index) => said[at + index] === next)),
    )
  }
}

/** Compatibility forms as one, without case: upper case first, because ß and SS differ only in lower case. */
function fold(text: string): string {
  return text.normalize('NFKC').replace(invisible, '').toUpperCase().toLowerCase().normalize('NFKC')
}

function wordsOf(text: string): string[] {
  return [...segmenter.segment(text)].flatMap(({ segment, isWordLike }) => (isWordLike ? [segment] : []))
}
