import { expect, test } from 'vitest'
import { supervisorWords } from './supervisor-words.ts'

const other = { id: 'ana' as never, displayName: 'Ana' }
const tess = { person: 'tess' as never, name: 'tess', displayName: 'Tess' }

test('each who reads along is named with every reason', () => {
  const mine = { kind: 'teacher-of', name: '', of: 'me' as never }
  const hers = { ...mine, of: other.id }
  const mentor = { kind: 'mentor', name: 'mentor of', of: other.id }
  expect(supervisorWords([{ ...tess, by: [mine] }], other)).toBe('Tess, who is your teacher, reads this thread.')
  expect(supervisorWords([{ ...tess, by: [hers, mentor] }], other)).toBe(
    'Tess, who is teacher of Ana and mentor of Ana, reads this thread.',
  )
  expect(
    supervisorWords(
      [
        { ...tess, by: [] },
        { ...tess, displayName: 'Gus', by: [hers] },
      ],
      other,
    ),
  ).toBe('Tess reads this thread. Gus, who is teacher of Ana, reads this thread.')
})
