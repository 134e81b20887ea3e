import type { ErrorCode } from '@sotto/protocol'
import { onScopeDispose, ref, shallowRef, type WatchSource, watch } from 'vue'
import { codeOf } from './use-task.ts'

const pauseMs = 120

/** Where a page begins: behind the cursor that came with the one before it, or at the start. */
export interface From<Cursor> {
  readonly after?: Cursor
}

export interface Page<One, Cursor> {
  readonly items: readonly One[]
  readonly next: Cursor | null
}

export interface Question {
  /** What `ask` depends on: when it changes, the list is asked for anew. */
  readonly on?: WatchSource | readonly WatchSource[]
  /** It changes with every key: it is asked when the hands rest. */
  readonly typed?: boolean
  /** What is shown goes as soon as the question changes. Otherwise the last answer stays while the next one comes. */
  readonly forgets?: boolean
}

/** A list that comes from the server a page at a time, asked for at once. Of several questions the latest is the one whose answer counts. */
export function usePages<One, Cursor extends string | number = string>(
  ask: (from: From<Cursor>) => Promise<Page<One, Cursor>>,
  { on, typed = false, forgets = false }: Question = {},
) {
  const items = shallowRef<readonly One[] | null>(null)
  const next = shallowRef<Cursor | null>(null)
  const pending = ref(false)
  const failed = ref<ErrorCode | null>(null)
  let asked = 0
  /** Whether what is shown answers the question as it is now. */
  let answered = false
  let waiting: (() => void) | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  async function load(after: Cursor | null): Promise<void> {
    const mine = ++asked
    pending.value = true
    try {
      const page = await ask(after === null ? {} : { after })
      if (mine !== asked) return
      items.value = after === null ? page.items : [...(items.value ?? []), ...page.items]
      next.value = page.next
      failed.value = null
      answered = true
      waiting?.()
    } catch (error) {
      if (mine === asked) failed.value = codeOf(error)
    }
    if (mine !== asked) return
    waiting = null
    pending.value = false
  }

  if (on)
    watch(on as WatchSource, () => {
      clearTimeout(timer)
      // What is still on its way answers the question before.
      asked++
      answered = false
      waiting = null
      if (forgets) {
        items.value = null
        next.value = null
      }
      if (typed) timer = setTimeout(() => void load(null), pauseMs)
      else void load(null)
    })
  onScopeDispose(() => {
    clearTimeout(timer)
    asked++
  })
  void load(null)
  return {
    /** Null until the first answer. Whoever knows better by now may change it. */
    items,
    /** Null where there is no more. */
    next,
    pending,
    failed,
    more: () => load(answered ? next.value : null),
    again: () => load(null),
    /** Does it with the answer to the question as it is now, which for quick hands is still to come. Another question takes it back. */
    whenAnswered(act: () => void): void {
      if (answered) act()
      else waiting = act
    },
  }
}
