import { type Ref, ref } from 'vue'

/** Whether one pane at a time is shown: below `--breakpoint-md`. For what stands elsewhere there; sizes are for the style sheet. */
export const usePhone = follow('(width < 40rem)')

/** Whether the panes are too narrow for a long line beside a name: below `--breakpoint-lg`. */
export const useNarrow = follow('(width < 60rem)')

function follow(condition: string): () => Readonly<Ref<boolean>> {
  let found: Ref<boolean> | undefined
  return () => {
    if (!found) {
      const query = matchMedia(condition)
      const matches = ref(query.matches)
      query.addEventListener('change', () => {
        matches.value = query.matches
      })
      found = matches
    }
    return found
  }
}
