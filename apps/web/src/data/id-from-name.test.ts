import { expect, test } from 'vitest'
import { idFromName } from './id-from-name.ts'

test.each([
  ['Head of year', 'head-of-year'],
  ['  Éducateur (nuit) ', 'educateur-nuit'],
  ['7th form', 'th-form'],
  ['مشرف', 'role'],
  ['X', 'role'],
  ['A name that is much too long for an id', 'a-name-that-is-much-too-long'],
])('what is called %s has the id %s', (name, id) => {
  expect(idFromName(name, [], 'role')).toBe(id)
  expect(id).toMatch(/^[a-z][a-z0-9-]{1,31}$/)
})

test('no two have one id', () => {
  expect(idFromName('Auditor', ['auditor', 'auditor-2'], 'role')).toBe('auditor-3')
})
