import { AppError } from '@sotto/protocol/pure'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import { type From, type Page, type Question, usePages } from './use-pages.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A server whose answers come when the test says so. */
function listOf(word = ref('a'), question: Omit<Question, 'on'> = {}) {
  const asked: {
    readonly what: string
    answer(items: string[], next?: string): Promise<void>
    refuse(): Promise<void>
  }[] = []
  const scope = effectScope()
  const pages = scope.run(() =>
    usePages<string>(
      ({ after }: From<string>) => {
        const { promise, resolve, reject } = Promise.withResolvers<Page<string, string>>()
        const settled = async () => {
          await promise.catch(() => {})
          await nextTick()
        }
        asked.push({
          what: after ? `${word.value} after ${after}` : word.value,
          answer: (items, next) => {
            resolve({ items, next: next ?? null })
            return settled()
          },
          refuse: () => {
            reject(new AppError('unavailable'))
            return settled()
          },
        })
        return promise
      },
      { on: word, ...question },
    ),
  ) as ReturnType<typeof usePages<string>>
  const at = (index: number) => asked[index] as (typeof asked)[number]
  return { word, pages, scope, at, whatWasAsked: () => asked.map(({ what }) => what) }
}

test('a list is there after its first page, and grows with each further one until there is no more', async () => {
  const { pages, at, whatWasAsked } = listOf()
  expect(pages.items.value).toBeNull()
  expect(pages.pending.value).toBe(true)
  await at(0).answer(['1', '2'], '2')
  expect(pages.items.value).toEqual(['1', '2'])
  expect([pages.next.value, pages.pending.value]).toEqual(['2', false])
  void pages.more()
  await at(1).answer(['3'])
  expect(pages.items.value).toEqual(['1', '2', '3'])
  expect(pages.next.value).toBeNull()
  expect(whatWasAsked()).toEqual(['a', 'a after 2'])
})

test('of two questions the answer to the later one counts, whichever comes first', async () => {
  const { word, pages, at } = listOf()
  word.value = 'b'
  await nextTick()
  await at(1).answer(['b1'])
  await at(0).answer(['a1'])
  expect(pages.items.value).toEqual(['b1'])
})

test('what is typed is asked when the hands rest; what was shown stays so long, and is never continued', async () => {
  const { word, pages, at, whatWasAsked } = listOf(ref('a'), { typed: true })
  await at(0).answer(['a1'], 'a1')
  void pages.more()
  word.value = 'ab'
  await nextTick()
  word.value = 'abc'
  await nextTick()
  await at(1).answer(['a2'])
  expect(pages.items.value).toEqual(['a1'])
  vi.advanceTimersByTime(120)
  expect(whatWasAsked()).toEqual(['a', 'a after a1', 'abc'])
  void pages.more()
  expect(whatWasAsked().at(-1)).toBe('abc')
  await at(3).answer(['abc1'])
  expect(pages.items.value).toEqual(['abc1'])
})

test('a list of something else is not shown meanwhile', async () => {
  const { word, pages, at } = listOf(ref('a'), { forgets: true })
  await at(0).answer(['a1'], 'a1')
  word.value = 'b'
  await nextTick()
  expect([pages.items.value, pages.next.value]).toEqual([null, null])
  await at(1).answer(['b1'])
  expect(pages.items.value).toEqual(['b1'])
})

test('a failure is said until it goes well, and leaves what is shown', async () => {
  const { pages, at } = listOf()
  await at(0).answer(['1'], '1')
  void pages.more()
  await at(1).refuse()
  expect([pages.items.value, pages.failed.value, pages.pending.value]).toEqual([['1'], 'unavailable', false])
  void pages.again()
  await at(2).answer(['1'])
  expect(pages.failed.value).toBeNull()
})

test('a choice made before the answer is made with it, and typing on takes it back', async () => {
  const { word, pages, at } = listOf(ref('a'), { typed: true })
  const chosen: unknown[] = []
  const choose = () => chosen.push(pages.items.value?.[0])
  pages.whenAnswered(choose)
  await at(0).answer(['a1'])
  pages.whenAnswered(choose)
  expect(chosen).toEqual(['a1', 'a1'])
  word.value = 'ab'
  await nextTick()
  pages.whenAnswered(choose)
  word.value = 'abc'
  await nextTick()
  vi.advanceTimersByTime(120)
  await at(1).answer(['abc1'])
  expect(chosen).toHaveLength(2)
})

test('nothing is asked or told once nobody shows it', async () => {
  const { word, pages, scope, at, whatWasAsked } = listOf(ref('a'), { typed: true })
  word.value = 'b'
  await nextTick()
  scope.stop()
  vi.advanceTimersByTime(120)
  await at(0).answer(['a1'])
  expect(whatWasAsked()).toEqual(['a'])
  expect(pages.items.value).toBeNull()
})
