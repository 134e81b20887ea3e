import { expect, test } from 'vitest'
import { rank } from './rank.ts'

const people = ['Ben Ana', 'Ana Petrović', 'Johanna', 'Leo']
const find = (query: string) => rank(people, query, (name) => [name])

test('the best comes first: the beginning of the name, then of a word, then the middle', () => {
  expect(find('an')).toEqual(['Ana Petrović', 'Ben Ana', 'Johanna'])
})

test('case and accents do not matter, and nothing typed shows all in their order', () => {
  expect(find('PETROVIC')).toEqual(['Ana Petrović'])
  expect(find('  ')).toEqual(people)
  expect(find('zz')).toEqual([])
})

test('ten thousand names are ranked within 50 ms', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => `Person ${index} of the ${index % 97}th class`)
  const began = performance.now()
  rank(many, '97', (name) => [name])
  expect(performance.now() - began).toBeLessThan(50)
})
