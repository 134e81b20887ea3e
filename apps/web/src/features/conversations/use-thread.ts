import type { Target } from '@sotto/client'
import { type Ref, ref } from 'vue'
import { useWatch } from '#data/use-watch.ts'

/** Rows on each side of the anchor: several screens, so that the next ones are there before the reader is. */
const reach = 120

/** The part of a conversation that is looked at, and how to move it. */
export function useThread(target: () => Target) {
  const anchor: Ref<number | 'end'> = ref('end')
  const win = useWatch('conversation', () => ({
    target: target(),
    window: { anchor: anchor.value, before: reach, after: anchor.value === 'end' ? 0 : reach },
  }))
  return {
    win,
    show(place: number | 'end') {
      anchor.value = place
    },
  }
}
