import { expect, test } from 'vitest'
import { byMinute, linePath, niceMost } from './chart.ts'

test.each([
  [[], 1],
  [[0, 0], 1],
  [[0.3], 0.5],
  [[1], 1],
  [[7, 3], 10],
  [[11], 20],
  [[49_000], 50_000],
])('the axis over %j ends at %d', (values, most) => {
  expect(niceMost(values)).toBeCloseTo(most)
})

test('a line goes through its points and is broken where nothing was measured', () => {
  const box = { from: 0, to: 100, most: 10, width: 200, height: 50 }
  const points = [0, 10, 20, 90].map((at) => ({ at, value: at / 10 }))
  expect(linePath(points, box, 15)).toBe('M0 50L20 45L40 40M180 5')
})

test('a table has the highest value of each minute, the latest first', () => {
  const at = Date.parse('2026-01-01T10:00:00Z')
  const points = [at, at + 10_000, at + 60_000].map((time, index) => ({ at: time, value: [4, 9, 2][index] ?? 0 }))
  expect(byMinute(points)).toEqual([
    { at: at + 60_000, value: 2 },
    { at, value: 9 },
  ])
})
