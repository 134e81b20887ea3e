/** The id of a role called like this: `Head of year` becomes `head-of-year`. It never changes, whatever the role is called later. */
export function roleIdOf(name: string, taken: readonly string[]): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 28)
    .replace(/-+$/, '')
  const base = plain.length >= 2 ? plain : 'role'
  let id = base
  for (let next = 2; taken.includes(id); next++) id = `${base}-${next}`
  return id
}
