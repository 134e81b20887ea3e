import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8Bytes } from './utf8.ts'

test('bytes are those of the real encoder, whatever is typed', () => {
  const encoder = new TextEncoder()
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => utf8Bytes(text) === encoder.encode(text).length))
})

test('half of a pair counts as the replacement character it becomes', () => {
  for (const text of ['a\ud83d', '\udc00b', '\ud83d\ud83d\ude00'])
    expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).length)
})
