import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findLinks } from './find-links.ts'

const linksIn = (text: string) => findLinks(text).flatMap((segment) => segment.href ?? [])

describe('links', () => {
  test.each([
    ['See https://sotto.example/plan?week=47#room', ['https://sotto.example/plan?week=47#room']],
    ['(https://sotto.example/a).', ['https://sotto.example/a']],
    ['https://en.wikipedia.org/wiki/Sotto_(music), nice', ['https://en.wikipedia.org/wiki/Sotto_(music)']],
    ['www.sotto.example', ['https://www.sotto.example/']],
    ['mailto:ana@sotto.example', ['mailto:ana@sotto.example']],
    ['HTTP://SOTTO.EXAMPLE', ['http://sotto.example/']],
    ['http://localhost:8080/x and http://[::1]/y', ['http://localhost:8080/x', 'http://[::1]/y']],
    ['two https://a.example https://b.example', ['https://a.example/', 'https://b.example/']],
  ])('are found in %s', (text, links) => {
    expect(linksIn(text)).toEqual(links)
  })

  test.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'https://',
    'www.',
    'http://nodots',
    'mailto:nobody',
    'a.b',
  ])('are not made of %s', (text) => {
    expect(linksIn(text)).toEqual([])
  })

  test('never change the text, and lead only to the web or to mail', () => {
    const pieces = fc.constantFrom(
      'https://',
      'javascript:',
      'www.',
      'mailto:',
      'a.example',
      '@',
      ')',
      '(',
      '.',
      ' ',
      '\n',
      'ą',
      '<b>',
      '"',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 12 }), (parts) => {
        const text = parts.join('')
        const segments = findLinks(text)
        const safe = segments.every((segment) => !segment.href || /^(https?:|mailto:)/.test(segment.href))
        return safe && segments.map((segment) => segment.text).join('') === text
      }),
    )
  })
})
