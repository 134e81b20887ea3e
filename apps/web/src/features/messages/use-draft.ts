import type { Target } from '@sotto/client'
import { onScopeDispose, type Ref, ref, watch } from 'vue'
import { useClient } from '#data/client.ts'

/** So long nothing comes in under the fingers of somebody who types. */
const quietMs = 2_000

/**
 * What is typed but not sent. It starts from what is kept, is kept again with every key, and follows another device of the same person
 * as soon as nobody has typed here for a while.
 */
export function useDraft(
  target: () => Target,
  kept: () => string | null | undefined,
): { text: Ref<string>; typed: () => void; clear: (sent: string) => void } {
  const client = useClient()
  const text = ref('')
  let typedAt = 0
  let started = false
  let timer: ReturnType<typeof setTimeout> | undefined

  function follow(): void {
    clearTimeout(timer)
    const value = kept()
    if (value === undefined) return
    const leftMs = typedAt + quietMs - Date.now()
    if (!started) text.value ||= value ?? ''
    else if (leftMs > 0) timer = setTimeout(follow, leftMs)
    else text.value = value ?? ''
    started = true
  }
  watch(kept, follow, { immediate: true })
  onScopeDispose(() => clearTimeout(timer))

  function keep(): void {
    typedAt = Date.now()
    void client.setDraft(target(), text.value)
  }
  return {
    text,
    typed: keep,
    /** After a message was taken over: what was typed in the meantime stays. */
    clear(sent) {
      text.value = text.value.startsWith(sent) ? text.value.slice(sent.length).trimStart() : text.value
      keep()
    },
  }
}
