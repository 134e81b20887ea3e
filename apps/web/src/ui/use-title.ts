import { onScopeDispose, type Ref, ref } from 'vue'

// What the screen in front is called; the shell adds the name of the app and how much is unread.
export const screenTitle = ref('')

/** Names the screen as long as it is shown. */
export function useTitle(): Ref<string> {
  onScopeDispose(() => {
    screenTitle.value = ''
  })
  return screenTitle
}
