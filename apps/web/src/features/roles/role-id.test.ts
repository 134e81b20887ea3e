import { expect, test } from 'vitest'
import { roleIdOf } from './role-id.ts'

test.each([
  ['Head of year', 'head-of-year'],
  ['  Éducateur (nuit) ', 'educateur-nuit'],
  ['7th form', 'th-form'],
  ['مشرف', 'role'],
  ['X', 'role'],
  ['A name that is much too long for an id', 'a-name-that-is-much-too-long'],
])('the role %s has the id %s', (name, id) => {
  expect(roleIdOf(name, [])).toBe(id)
  expect(id).toMatch(/^[a-z][a-z0-9-]{1,31}$/)
})

test('no two roles have one id', () => {
  expect(roleIdOf('Auditor', ['auditor', 'auditor-2'])).toBe('auditor-3')
})
