import { expect, test } from 'vitest'
import { commands } from './index.ts'

test('no field of a command is called like a field of the frame that carries it', () => {
  const taken = commands.filter(({ input }) => 'id' in input.properties || 'type' in input.properties)
  expect(taken.map(({ name }) => name)).toEqual([])
  expect(commands.some(({ input }) => 'conversation' in input.properties)).toBe(true)
})

test('every command has a name, a request and a REST address of its own', () => {
  for (const key of ['name', 'rest'] as const) {
    const values = commands.map((command) => command[key].replaceAll(/\{\w+\}/g, '{}'))
    expect(values.filter((value, index) => values.indexOf(value) !== index)).toEqual([])
  }
})
