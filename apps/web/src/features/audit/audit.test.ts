import { type AuditRecord, auditActions as known, type Person, type PersonId } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { auditActions, sentenceOf } from './deeds.ts'
import { toCsv } from './export.ts'

const rita = '01930001-0000-7000-8000-000000000001' as PersonId
const ana = '01930002-0000-7000-8000-000000000002' as PersonId
const record = (more: Partial<AuditRecord>): AuditRecord => ({
  place: 7,
  at: '2026-03-01T08:00:00.000Z',
  action: 'session.begun',
  actor: rita,
  session: null,
  device: 'Firefox on Linux',
  person: null,
  conversation: null,
  detail: {},
  hash: 'ab',
  ...more,
})
const names = {
  person: (id: PersonId) => (id === rita ? 'Rita' : 'Ana'),
  conversation: () => 'Chess',
  role: (id: string) => `the ${id}`,
}

test('every action there is can be asked for, and is told in a sentence', () => {
  expect([...auditActions].sort()).toEqual(Object.keys(known).sort())
  for (const action of auditActions) {
    const sentence = sentenceOf(record({ action, person: ana, conversation: 'c' as never }), names)
    expect(sentence).toMatch(/^[A-Z].*\.$/)
    expect(sentence).not.toMatch(/[{}]/)
  }
})

test.each<[Partial<AuditRecord>, string]>([
  [{ action: 'person.role', person: ana, detail: { role: 'auditor' } }, 'Rita made Ana the auditor.'],
  [{ action: 'role.made', detail: { role: 'auditor', name: 'Auditor' } }, 'Rita made the role Auditor.'],
  [
    { action: 'member.added', person: ana, conversation: 'c' as never, detail: { role: 'reader' } },
    'Ana reads along in Chess as a supervisor.',
  ],
  [{ action: 'member.removed', person: ana, conversation: 'c' as never }, 'Rita took Ana out of Chess.'],
  [{ action: 'member.removed', person: rita, conversation: 'c' as never }, 'Rita left Chess.'],
  [
    { action: 'member.silenced', person: ana, conversation: 'c' as never, detail: { minutes: 5 } },
    'Rita silenced Ana in Chess.',
  ],
  [
    { action: 'member.silenced', person: ana, conversation: 'c' as never, detail: { minutes: 0 } },
    'Rita let Ana write again in Chess.',
  ],
  [{ action: 'session.refused', actor: null, detail: { name: 'root' } }, 'A sign-in as root was refused.'],
])('%j reads: %s', (what, sentence) => {
  expect(sentenceOf(record(what), names)).toBe(sentence)
})

test('a table has one line per record, quotes what needs it, and holds no formulas', () => {
  const people = new Map([[rita, { name: 'rita' } as Person]])
  const [header, first, second, rest] = toCsv(
    [record({ device: '=HYPERLINK("x")', detail: { name: 'a,"b"' } }), record({ actor: null })],
    people,
  ).split('\r\n')
  expect(header).toBe('place,at,action,actor,actor_name,person,person_name,conversation,device,session,detail,hash')
  expect(first).toBe(
    `7,2026-03-01T08:00:00.000Z,session.begun,${rita},rita,,,,"'=HYPERLINK(""x"")",,"{""name"":""a,\\""b\\""""}",ab`,
  )
  expect(second).toContain('session.begun,,,,,,Firefox on Linux')
  expect(rest).toBe('')
})
