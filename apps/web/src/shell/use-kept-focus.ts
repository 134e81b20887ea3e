import { onScopeDispose } from 'vue'

/** So long what takes something away has to move the focus by itself. */
const patienceMs = 50
/** What a screen reader tells apart from what is around it. */
const places = 'li, ul, ol, form, fieldset, nav, section, aside, article, main, [role]'

/**
 * Where what had the focus is taken away (a row that goes, a form that is done, a pane that closes), the keyboard goes on at what was
 * around it. The body, where browsers leave the focus, shows nothing and says nothing.
 */
export function useKeptFocus(): void {
  let around: readonly Element[] = []
  let timer: ReturnType<typeof setTimeout> | undefined

  function onFocusIn({ target }: FocusEvent): void {
    const found: Element[] = []
    for (let at = target as Element | null; at; at = at.parentElement) found.push(at)
    around = found
  }
  function rescue(): void {
    const [lost, ...rest] = around
    if (document.activeElement !== document.body || !lost || isThere(lost)) return
    // What the app gave the focus by itself and took away again nobody has missed.
    if (!navigator.userActivation?.hasBeenActive) return
    const place = rest.find((element) => isThere(element) && element.matches(places)) ?? document.getElementById('main')
    if (!(place instanceof HTMLElement)) return
    if (!place.hasAttribute('tabindex')) {
      place.tabIndex = -1
      place.addEventListener('blur', () => place.removeAttribute('tabindex'), { once: true })
    }
    place.focus({ preventScroll: true })
  }
  function check(): void {
    if (document.activeElement !== document.body || around.length === 0) return
    clearTimeout(timer)
    timer = setTimeout(rescue, patienceMs)
  }
  // What goes is not always taken out of the page: on a phone the other pane is hidden.
  const observer = new MutationObserver(check)
  observer.observe(document.body, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ['class', 'disabled'],
  })
  document.addEventListener('focusin', onFocusIn)
  onScopeDispose(() => {
    clearTimeout(timer)
    observer.disconnect()
    document.removeEventListener('focusin', onFocusIn)
  })
}

function isThere(element: Element): boolean {
  return element.isConnected && element.checkVisibility() && !element.matches(':disabled')
}
