/**
 * The id of something called like this: `Head of year` becomes `head-of-year`. It never changes, whatever that is called later. `otherwise`
 * stands for names that have no plain letters.
 */
export function idFromName(name: string, taken: readonly string[], otherwise: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 28)
    .replace(/-+$/, '')
  const base = plain.length >= 2 ? plain : otherwise
  let id = base
  for (let next = 2; taken.includes(id); next++) id = `${base}-${next}`
  return id
}
