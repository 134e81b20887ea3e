import { expect, test } from 'vitest'
import { clock, dayNumber, dayWords, duration, exactTime, listTime } from './time.ts'

const now = new Date(2026, 10, 21, 9, 30)
const at = (day: number, hour = 12, month = 10, year = 2026): Date => new Date(year, month, day, hour)

test('a day separator says today, yesterday, or the weekday with its date', () => {
  expect(dayWords(at(21, 0), now, 'en')).toEqual({ kind: 'today' })
  expect(dayWords(at(20, 23), now, 'en')).toEqual({ kind: 'yesterday' })
  expect(dayWords(at(19), now, 'en-GB')).toEqual({ kind: 'day', day: 'Thursday 19 November' })
  expect(dayWords(at(19, 12, 10, 2025), now, 'en-GB')).toEqual({
    kind: 'day',
    day: expect.stringMatching(/^Wednesday,? 19 November 2025$/),
  })
})

test('days turn at local midnight, not after 24 hours', () => {
  expect(dayNumber(new Date(2026, 10, 21, 0, 1)) - dayNumber(new Date(2026, 10, 20, 23, 59))).toBe(1)
  expect(dayNumber(new Date(2026, 10, 21, 0, 1))).toBe(dayNumber(new Date(2026, 10, 21, 23, 59)))
})

test('the list shows the clock, yesterday, the weekday, then the date', () => {
  expect(listTime(at(21, 8), now, 'en-GB')).toEqual({ kind: 'clock', words: '8:00' })
  expect(listTime(at(20), now, 'en-GB')).toEqual({ kind: 'yesterday' })
  expect(listTime(at(15), now, 'en-GB')).toEqual({ kind: 'day', words: 'Sun' })
  expect(listTime(at(14), now, 'en-GB')).toEqual({ kind: 'day', words: '14 Nov' })
  expect(listTime(at(14, 12, 10, 2024), now, 'en-GB')).toEqual({ kind: 'day', words: '14 Nov 2024' })
})

test('a clock a little ahead of ours is still today', () => {
  expect(listTime(at(22, 0), now, 'en-GB').kind).toBe('clock')
})

test('the exact time has the date and the seconds; another zone has its own clock', () => {
  expect(exactTime(new Date(2026, 10, 21, 9, 30, 5), 'en-GB')).toMatch(/Saturday.* 21 November 2026.*09:30:05/)
  expect(clock(new Date('2026-11-21T08:00:00.000Z'), 'en-GB', 'Asia/Seoul')).toBe('17:00')
})

test('a length of time is told in the largest unit that fits', () => {
  const told = [10, 90, 60, 900, 3_600, 86_400, 7 * 86_400].map((seconds) => duration(seconds, 'en'))
  expect(told).toEqual(['10 seconds', '90 seconds', '1 minute', '15 minutes', '1 hour', '1 day', '7 days'])
})
