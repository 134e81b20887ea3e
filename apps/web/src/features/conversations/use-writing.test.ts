import type { ConversationWindow } from '@sotto/client'
import type { Details } from '@sotto/protocol'
import { defaultDetails } from '@sotto/protocol/pure'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { effectScope, shallowRef } from 'vue'
import { useWriting } from './use-writing.ts'

beforeEach(() => void vi.useFakeTimers({ now: new Date('2026-11-20T12:00:00Z') }))
afterEach(() => void vi.useRealTimers())

const group = defaultDetails.group
const rowAt = (at: string) => ({ kind: 'message', sender: 'me', place: 4, at }) as never

function writing(first: Partial<ConversationWindow>, details: Partial<Details> = {}) {
  const base = { card: { role: 'member' } as never, mayPost: true, silencedUntil: null, rows: [] }
  const win = shallowRef({ ...base, details: { ...group, ...details }, ...first } as ConversationWindow)
  return effectScope().run(() =>
    useWriting(
      () => win.value,
      () => 'me' as never,
    ),
  ) as ReturnType<typeof useWriting>
}

test('it is said why nobody of my kind writes', () => {
  const rights = (post: 'member' | 'moderator' | 'owner') => ({ rights: { ...group.rights, post } })
  expect(writing({}).stopped.value).toBeNull()
  expect(writing({ mayPost: false }, { closed: true }).stopped.value).toMatch(/^This is closed/)
  expect(writing({ mayPost: false }, rights('moderator')).stopped.value).toBe('Only moderators write here.')
  expect(writing({ mayPost: false }, rights('owner')).stopped.value).toBe('Only owners write here.')
  expect(writing({ mayPost: false }, rights('member')).stopped.value).toMatch(/^You read here/)
})

test('a silence ends by itself when its time has come', () => {
  const { stopped } = writing({ silencedUntil: '2026-11-20T12:10:00.000Z' })
  expect(stopped.value).toMatch(/^You are silenced until /)
  vi.advanceTimersByTime(9 * 60_000)
  expect(stopped.value).not.toBeNull()
  vi.advanceTimersByTime(61_000)
  expect(stopped.value).toBeNull()
})

test('slow mode says when the next message goes out, and to moderators nothing', () => {
  const rows = [rowAt('2026-11-20T11:59:30.000Z')]
  const { slow } = writing({ rows }, { slowSeconds: 60 })
  expect(slow.value).toMatch(/your next message goes out at/)
  vi.advanceTimersByTime(31_000)
  expect(slow.value).toBe('Slow mode: one message every 1 minute.')
  expect(writing({ rows }).slow.value).toBe('')
  expect(writing({ rows, card: { role: 'moderator' } as never }, { slowSeconds: 60 }).slow.value).toBe('')
})
