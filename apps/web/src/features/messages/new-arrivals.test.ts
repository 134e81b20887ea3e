import type { Row } from '@sotto/client'
import type { PersonId } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { newArrivals } from './new-arrivals.ts'

test('only messages of others behind the place are announced', () => {
  const row = (place: number | null, sender: string) =>
    ({ kind: 'message', key: `${place}`, place, sender, at: '', text: 'x', state: null, error: null }) as unknown as Row
  const rows = [row(4, 'bob'), row(5, 'bob'), row(6, 'alice'), row(7, 'bob'), row(null, 'alice')]
  expect(newArrivals(rows, 'alice' as PersonId, 4).map((one) => one.place)).toEqual([5, 7])
})
