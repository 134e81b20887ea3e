import type { Random } from './ports.ts'

export const shortestBackoffMs = 500
export const longestBackoffMs = 30_000

/**
 * How long to wait before the next try after `failures` in a row (from 1): anything from nothing to the doubling limit, so that
 * those who failed together do not come back together.
 */
export function backoffMs(failures: number, random: Random): number {
  const limit = Math.min(longestBackoffMs, shortestBackoffMs * 2 ** Math.min(failures - 1, 10))
  return Math.floor(random.fraction() * limit)
}
