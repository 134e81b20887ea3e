import { commands } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { restRoutes, signedInRoutes } from './rest-routes.ts'

const carried = commands.filter((command) => command.carrier === 'rest')

test('the client knows the routes of all commands that only REST carries', () => {
  expect(carried.length).toBeGreaterThan(0)
  expect(Object.fromEntries(carried.map(({ name, rest }) => [name, rest]))).toEqual(restRoutes)
})

test('it knows for which of them somebody has to be signed in', () => {
  const open = ['sessions.refresh']
  expect(
    carried.filter(({ name, access }) => access !== 'anyone' && !open.includes(name)).map(({ name }) => name),
  ).toEqual([...signedInRoutes])
})
