import { describe, expect, test } from 'vitest'
import { meansSend } from './send-key.ts'

const key = {
  key: 'Enter',
  isComposing: false,
  keyCode: 13,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
}

describe('Enter', () => {
  test.each([
    ['enter', false, {}, true],
    ['enter', false, { shiftKey: true }, false],
    ['enter', false, { ctrlKey: true }, true],
    ['enter', true, {}, false],
    ['enter', true, { ctrlKey: true }, true],
    ['ctrl_enter', false, {}, false],
    ['ctrl_enter', false, { ctrlKey: true }, true],
    ['ctrl_enter', false, { metaKey: true }, true],
    ['enter', false, { isComposing: true }, false],
    ['enter', false, { keyCode: 229 }, false],
    ['ctrl_enter', false, { ctrlKey: true, isComposing: true }, false],
    ['enter', false, { key: 'a' }, false],
  ] as const)('with %s chosen, touch only %s, and %o sends: %s', (sendWith, touchOnly, more, sends) => {
    expect(meansSend({ ...key, ...more }, sendWith, touchOnly)).toBe(sends)
  })
})
