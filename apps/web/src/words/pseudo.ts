import type { Catalogue } from './en.ts'

const plain = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const accented = [...'áƀçđéƒĝĥíĵķļɱñóþɋŕšťúṽŵẋýžÁƁÇĐÉƑĜĤÍĴĶĻṀÑÓÞɊŔŠŤÚṼŴẊÝŽ']
const accents = new Map([...plain].map((letter, index) => [letter, accented[index] ?? letter]))

/** One message as the test language has it: `Send` is `[Šéñđ]`. What is filled in stays as it is; every plural form gets brackets. */
export function pseudoMessage(message: string): string {
  if (message === '') return ''
  return message
    .split(' | ')
    .map((form) => `[${form.replace(/\{[^}]*\}|[a-zA-Z]/g, (part) => accents.get(part) ?? part)}]`)
    .join(' | ')
}

/** The catalogue in the test language, made from the English one: what is not in brackets on a screen is in no catalogue. */
export function pseudoCatalogue(catalogue: Catalogue): Catalogue {
  return transform(catalogue) as Catalogue
}

function transform(value: unknown): unknown {
  if (typeof value === 'string') return pseudoMessage(value)
  return Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, transform(inner)]))
}
