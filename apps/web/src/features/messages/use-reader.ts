import { onScopeDispose, type Ref, ref } from 'vue'

/** Whether somebody can be reading: the page is in front and has the focus. */
export function useReader(): Readonly<Ref<boolean>> {
  const here = ref(isHere())
  const look = (): void => {
    here.value = isHere()
  }
  const events = [
    [document, 'visibilitychange'],
    [window, 'focus'],
    [window, 'blur'],
    [window, 'pageshow'],
  ] as const
  for (const [target, name] of events) target.addEventListener(name, look)
  onScopeDispose(() => {
    for (const [target, name] of events) target.removeEventListener(name, look)
  })
  return here
}

function isHere(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus()
}
