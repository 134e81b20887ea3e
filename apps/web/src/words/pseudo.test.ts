import { errors } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import { en } from './en.ts'
import { pseudoCatalogue, pseudoMessage } from './pseudo.ts'

test('the test language puts accents on letters and brackets around messages', () => {
  expect(pseudoMessage('Send')).toBe('[Šéñđ]')
  expect(pseudoMessage('')).toBe('')
})

test('what is filled in stays, and every plural form has its own brackets', () => {
  expect(pseudoMessage('Message {name}')).toBe('[Ṁéššáĝé {name}]')
  expect(pseudoMessage('{count} use left | {count} uses left')).toBe('[{count} úšé ļéƒť] | [{count} úšéš ļéƒť]')
})

test('every message of the catalogue is there in the test language', () => {
  const paths = (value: unknown, path = ''): string[] =>
    typeof value === 'string'
      ? [path]
      : Object.entries(value as object).flatMap(([key, inner]) => paths(inner, `${path}.${key}`))
  const plain = paths(en)
  expect(plain.length).toBeGreaterThan(200)
  expect(paths(pseudoCatalogue(en))).toEqual(plain)
})

test('every refusal has words', () => {
  expect(Object.keys(en.errors).sort()).toEqual(Object.keys(errors).sort())
})

test('no message has an exclamation mark or a word of the workshop', () => {
  const messages = (value: unknown): string[] =>
    typeof value === 'string' ? [value] : Object.values(value as object).flatMap(messages)
  for (const words of messages(en)) {
    expect(words).not.toMatch(/!|\bsession|\bpayload|\broom\b(?! 1)/i)
  }
})
