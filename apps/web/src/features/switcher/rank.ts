/** Those that fit, best first: the whole begins with what was typed, then a word does, then it stands inside. Ties keep their order. */
export function rank<Item>(items: readonly Item[], query: string, wordsOf: (item: Item) => readonly string[]): Item[] {
  const wanted = fold(query.trim())
  if (!wanted) return [...items]
  return items
    .map((item, index) => ({
      item,
      index,
      score: Math.max(...wordsOf(item).map((words) => score(fold(words), wanted))),
    }))
    .filter((one) => one.score > 0)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .map((one) => one.item)
}

function score(words: string, wanted: string): number {
  if (words.startsWith(wanted)) return 3
  if (words.split(/[\s._-]+/u).some((word) => word.startsWith(wanted))) return 2
  return words.includes(wanted) ? 1 : 0
}

/** Without case and accents, so that `petrovic` finds Petrović. */
function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}
