import { commands } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { restRoutes } from './rest-routes.ts'

test('the client knows the routes of all commands that only REST carries', () => {
  const carried = commands.filter((command) => command.carrier === 'rest').map(({ name, rest }) => [name, rest])
  expect(carried.length).toBeGreaterThan(0)
  expect(Object.fromEntries(carried)).toEqual(restRoutes)
})
