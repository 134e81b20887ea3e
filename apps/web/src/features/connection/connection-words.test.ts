import { expect, test } from 'vitest'
import { connectionWords } from './connection-words.ts'

test('nothing is said when all is well', () => {
  expect(connectionWords({ phase: 'online' }, true)).toBeNull()
  expect(connectionWords({ phase: 'signed_out' }, true)).toBeNull()
})

test('what is said is what is so', () => {
  expect(connectionWords({ phase: 'connecting' }, false)).toEqual({ kind: 'connecting' })
  expect(connectionWords({ phase: 'connecting' }, true)).toEqual({ kind: 'reconnecting' })
  expect(connectionWords({ phase: 'offline', retryAt: 0 }, true)).toEqual({ kind: 'reconnecting' })
  expect(connectionWords({ phase: 'no_network' }, true)).toEqual({ kind: 'noNetwork' })
  expect(connectionWords({ phase: 'offline', retryAt: Number.POSITIVE_INFINITY }, true)).toEqual({ kind: 'stopped' })
  expect(connectionWords({ phase: 'catching_up', missing: 34 }, true)).toEqual({ kind: 'catchingUp', count: 34 })
  expect(connectionWords({ phase: 'catching_up', missing: 0 }, true)).toEqual({ kind: 'catchingUpUnknown' })
})
