import type { VirtualizerHandle } from 'virtua/vue'
import { computed, nextTick, type Ref, ref, type ShallowRef } from 'vue'
import type { Item } from './items.ts'

/**
 * Arrow keys between messages. Tab leads to the one that has or had the focus, or else to the last one on the screen: a row far away
 * would have to be kept in the page, and virtua misplaces rows when such a one comes while the window moves.
 */
export function useRowFocus(
  items: Readonly<ShallowRef<readonly Item[]>>,
  list: Readonly<ShallowRef<VirtualizerHandle | null>>,
  visibleKey: Readonly<Ref<string | null>>,
  leave: () => void,
) {
  const focusKey = ref<string | null>(null)
  const tabKey = computed(() => {
    const known = items.value.some((item) => item.key === focusKey.value)
    return known ? focusKey.value : visibleKey.value
  })

  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.target as Element).closest('textarea, input')) return
    if (event.key === 'Escape') {
      leave()
      return
    }
    const current = items.value.findIndex((item) => item.key === tabKey.value)
    const first = items.value[0]?.kind === 'start' ? 1 : 0
    const last = items.value.length - 1
    const next = { ArrowUp: current - 1, ArrowDown: current + 1, Home: first, End: last }[event.key]
    if (next === undefined) return
    event.preventDefault()
    void focusRow(Math.max(first, Math.min(last, next)))
  }

  async function focusRow(index: number, align: 'nearest' | 'center' = 'nearest'): Promise<void> {
    const item = items.value[index]
    if (!item) return
    focusKey.value = item.key
    list.value?.scrollToIndex(index, { align })
    await nextTick()
    document.getElementById(`m-${item.key}`)?.focus({ preventScroll: true })
  }

  function onFocus(event: FocusEvent): void {
    const id = (event.target as Element).closest('[id^="m-"]')?.id
    if (id) focusKey.value = id.slice(2)
  }

  return { focusKey, tabKey, onKey, onFocus, focusRow }
}
