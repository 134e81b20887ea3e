import { expect, test } from 'vitest'
import { connectionWords } from './connection-words.ts'

const before = { wasOnline: true, network: true }

test('nothing is said when all is well', () => {
  expect(connectionWords({ phase: 'online' }, before)).toBeNull()
  expect(connectionWords({ phase: 'signed_out' }, before)).toBeNull()
})

test('what is said is what is so', () => {
  expect(connectionWords({ phase: 'connecting' }, { ...before, wasOnline: false })).toEqual({ kind: 'connecting' })
  expect(connectionWords({ phase: 'connecting' }, before)).toEqual({ kind: 'reconnecting' })
  expect(connectionWords({ phase: 'offline', retryAt: 0 }, before)).toEqual({ kind: 'reconnecting' })
  expect(connectionWords({ phase: 'offline', retryAt: 0 }, { ...before, network: false })).toEqual({
    kind: 'noNetwork',
  })
  expect(connectionWords({ phase: 'offline', retryAt: Number.POSITIVE_INFINITY }, before)).toEqual({ kind: 'stopped' })
  expect(connectionWords({ phase: 'catching_up', missing: 34 }, before)).toEqual({ kind: 'catchingUp', count: 34 })
  expect(connectionWords({ phase: 'catching_up', missing: 0 }, before)).toEqual({ kind: 'catchingUpUnknown' })
})
