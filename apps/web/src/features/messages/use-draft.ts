import type { Target } from '@sotto/client'
import { type Ref, ref, watch } from 'vue'
import { useClient } from '#data/client.ts'

const quietMs = 4_000

/**
 * What is typed but not sent. It starts from what is kept, is kept again with every key, and follows another device of the same person
 * only while nobody has typed here for a while.
 */
export function useDraft(
  target: () => Target,
  kept: () => string | null | undefined,
): { text: Ref<string>; typed: () => void; clear: (sent: string) => void } {
  const client = useClient()
  const text = ref('')
  let typedAt = 0
  let started = false

  watch(
    kept,
    (value) => {
      if (value === undefined) return
      const quiet = Date.now() - typedAt > quietMs
      if ((!started && !text.value) || (started && quiet)) text.value = value ?? ''
      started = true
    },
    { immediate: true },
  )

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
