import type { Me } from '@sotto/client'
import type { ConversationKind, Member, MemberRole } from '@sotto/protocol'
import { defaultDetails } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import { may, mayModerate } from './may.ts'

const me = (permissions: string[] = []) => ({ person: { id: 'me' }, permissions }) as unknown as Me
const place = (kind: ConversationKind, role: MemberRole) => ({
  card: { kind, role } as never,
  details: defaultDetails[kind],
})
const other = (role: MemberRole) => ({ person: 'other', role }) as unknown as Member

test('one may what one’s role may, and in channels everything who looks after them', () => {
  expect([may(me(), place('group', 'member'), 'change'), may(me(), place('group', 'member'), 'manage')]).toEqual([
    true,
    false,
  ])
  expect(may(me(['channels.manage']), place('channel', 'member'), 'manage')).toBe(true)
  expect(may(me(['channels.manage']), place('group', 'member'), 'manage')).toBe(false)
})

test('nobody takes out themselves, an equal or somebody above', () => {
  const moderator = place('group', 'moderator')
  expect(
    (['reader', 'member', 'moderator', 'owner'] as const).map((role) => mayModerate(me(), moderator, other(role))),
  ).toEqual([true, true, false, false])
  expect(mayModerate(me(), moderator, { ...other('member'), person: 'me' as never })).toBe(false)
  expect(mayModerate(me(['channels.manage']), place('channel', 'member'), other('owner'))).toBe(true)
})
