const allowed = /^[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])$/

/** A user name made from a person's name: `Ana Petrović` becomes `ana.petrovic`. Empty where its letters have no plain form. */
export function suggestName(displayName: string): string {
  const plain = displayName
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[øö]/g, 'o')
    .replace(/[æ]/g, 'ae')
    .replace(/ł/g, 'l')
    .replace(/đ/g, 'd')
    .replace(/[\s.]+/g, '.')
    .replace(/[^a-z0-9._-]/g, '')
    .slice(0, 32)
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
  return isUserName(plain) ? plain : ''
}

export function isUserName(name: string): boolean {
  return name.length >= 2 && allowed.test(name)
}
