import { expect, test } from 'vitest'
import { isMuted, minutesUntilTomorrow } from './muted.ts'

const now = new Date(2026, 10, 20, 22, 30)
const after = (ms: number) => ({ mutedUntil: new Date(now.getTime() + ms).toISOString() })

test('tomorrow is the next morning, by the clock of the wall', () => {
  expect(minutesUntilTomorrow(now)).toBe(9.5 * 60)
  expect(minutesUntilTomorrow(new Date(2026, 10, 20, 0, 5))).toBe(32 * 60 - 5)
})

test('a mute ends by itself', () => {
  expect(isMuted({ mutedUntil: null }, now)).toBe(false)
  expect(isMuted(after(60_000), now)).toBe(true)
  expect(isMuted(after(0), now)).toBe(false)
})
