import type { Target } from '@sotto/client'
import { type Ref, ref } from 'vue'
import { useWatch } from '#data/use-watch.ts'

/** What is shown first: several screens, so that the next rows are there before the reader is. */
const firstReach = 120

/** The part of a conversation that is looked at, and how to move it. */
export function useThread(target: () => Target) {
  const anchor: Ref<number | 'end'> = ref('end')
  const reach = ref(firstReach)
  const win = useWatch('conversation', () => ({
    target: target(),
    window: { anchor: anchor.value, before: reach.value, after: anchor.value === 'end' ? 0 : reach.value },
  }))
  return {
    win,
    /** Around a place or at the end, with so many rows on each side. */
    show(place: number | 'end', rows: number) {
      anchor.value = place
      reach.value = rows
    },
  }
}
