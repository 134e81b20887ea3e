import { expect, test } from 'vitest'
import { hueOf, initials } from './person-look.ts'

test('initials are the first letters of the first and the last word', () => {
  expect(initials('Ana Petrović')).toBe('AP')
  expect(initials('Ilse de Vries')).toBe('IV')
  expect(initials('leo')).toBe('L')
  expect(initials('  (Ben)  Okafor ')).toBe('BO')
  expect(initials('田中 浩')).toBe('田浩')
  expect(initials('مريم خليل')).toBe('مخ')
  expect(initials('👩‍🏫 Ana')).toBe('A')
  expect(initials('!!!')).toBe('')
})

test('a person always has the same one of twelve hues, and people have different ones', () => {
  expect(hueOf('0193-a')).toBe(hueOf('0193-a'))
  const hues = new Set(Array.from({ length: 200 }, (_, index) => hueOf(`person-${index}`)))
  expect([...hues].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
})
