import { expect, test } from 'vitest'
import { faultsOf } from './account.ts'
import { isUserName, suggestName } from './suggest-name.ts'

test.each([
  ['Ana Petrović', 'ana.petrovic'],
  ['  Ilse  de Vries ', 'ilse.de.vries'],
  ['Søren Łukasz', 'soren.lukasz'],
  ["Seán O'Brien", 'sean.obrien'],
  ['Straße', 'strasse'],
  ['مريم', ''],
  ['X', ''],
  ['Mara Konstantinopoulou-Featherstonehaugh', 'mara.konstantinopoulou-featherst'],
])('the user name suggested for %s is %s', (name, suggested) => {
  expect(suggestName(name)).toBe(suggested)
  if (suggested) expect(isUserName(suggested)).toBe(true)
})

test.each(['a', '-ana', 'ana-', 'Ana', 'a b', 'a'.repeat(33), ''])('%s is no user name', (name) => {
  expect(isUserName(name)).toBe(false)
})

test('an account is asked for what it still needs', () => {
  expect(faultsOf({ displayName: ' ', name: '', password: 'short' })).toEqual({
    displayName: 'missing',
    name: 'missing',
    password: 'invalid',
  })
  expect(faultsOf({ displayName: 'Ana', name: 'ana!', password: 'long enough' })).toEqual({ name: 'invalid' })
  expect(faultsOf({ displayName: 'Ana', name: 'ana', password: 'long enough' })).toEqual({})
})
