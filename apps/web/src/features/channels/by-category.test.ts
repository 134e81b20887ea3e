import type { Channel } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { byCategory } from './by-category.ts'

test('channels stand under their headings by name, those without one first', () => {
  const channel = (name: string, category: string) => ({ details: { name, category } }) as Channel
  const all = [channel('art', 'Lessons'), channel('all', ''), channel('chess', 'Clubs'), channel('biology', 'Lessons')]
  const found = byCategory(all).map(({ category, channels }) => [category, ...channels.map((one) => one.details.name)])
  expect(found).toEqual([
    ['', 'all'],
    ['Clubs', 'chess'],
    ['Lessons', 'art', 'biology'],
  ])
})
