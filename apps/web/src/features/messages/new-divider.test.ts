import { describe, expect, test } from 'vitest'
import { nextDivider } from './new-divider.ts'

const looking = { here: true, atEnd: true, opened: true }
const unread = (firstUnread: number | null, count: number, read: number) => ({
  firstUnread,
  read,
  unread: { count, exact: true },
})
const line = { from: 10, count: 3, exact: true }

describe('the line above what is new', () => {
  test('is drawn when a conversation opens with unread messages', () => {
    expect(nextDivider(null, unread(10, 3, 9), { ...looking, opened: false })).toEqual(line)
    expect(nextDivider(null, unread(null, 0, 9), { ...looking, opened: false })).toBeNull()
  })

  test('stays when they are read, and when more come before they are', () => {
    expect(nextDivider(line, unread(null, 0, 12), looking)).toBe(line)
    expect(nextDivider(line, unread(10, 5, 9), looking)).toBe(line)
    expect(nextDivider(line, unread(13, 2, 12), looking)).toBe(line)
  })

  test('is not drawn under the eyes of someone who reads along', () => {
    expect(nextDivider(null, unread(20, 1, 19), looking)).toBeNull()
  })

  test('is drawn for someone who looks away or reads further up', () => {
    expect(nextDivider(null, unread(20, 1, 19), { ...looking, here: false })?.from).toBe(20)
    expect(nextDivider(null, unread(20, 1, 19), { ...looking, atEnd: false })?.from).toBe(20)
  })

  test('moves only while nobody looks, and only when all below it was read', () => {
    expect(nextDivider(line, unread(20, 1, 19), { ...looking, here: false })?.from).toBe(20)
    expect(nextDivider(line, unread(11, 4, 10), { ...looking, here: false })).toBe(line)
  })
})
