import { expect, test } from 'vitest'
import { filterOf } from './words.ts'

test.each([
  ['ass', 'what an ass!', true],
  ['ass', 'ASS', true],
  ['ass', 'a class of its own, in passing', false],
  ['straße', 'auf der STRASSE', true],
  ['strasse', 'auf der Straße', true],
  ['naïve', 'naive', false],
  ['na\u0069\u0308ve', 'NAÏVE', true],
  ['full', '\uff46\uff55\uff4c\uff4c', true],
  ['hidden', 'hid\u200bden', true],
  ['two words', 'Two  words, here', true],
  ['two words', 'two other words', false],
  ['σίσυφος', 'ΣΊΣΥΦΟΣ', true],
  ['不好', '这样很不好吧', true],
  ['不好', '好不', false],
  ['バカ', 'おまえはバカだ', true],
  ['ไม่ดี', 'อันนี้ไม่ดีเลย', true],
  ['דבר', 'זה דבר אחר', true],
  ['💩', 'well 💩 then', true],
  [' ', 'anything', false],
])('the filter for %s in %s', (word, text, found) => {
  expect(filterOf({ word_filter: [word] })(text)).toBe(found)
})

test('an empty filter finds nothing', () => {
  expect(filterOf({ word_filter: [] })('anything')).toBe(false)
})
