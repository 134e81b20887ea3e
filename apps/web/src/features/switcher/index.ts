import { defineAsyncComponent } from 'vue'

const loadSwitcher = () => import('./QuickSwitcher.vue')

export const QuickSwitcher = defineAsyncComponent(loadSwitcher)
export const ShortcutSheet = defineAsyncComponent(() => import('./ShortcutSheet.vue'))

/** Fetches the switcher when there is nothing better to do: whoever calls it types on at once. */
export function prepareSwitcher(): void {
  const whenIdle = globalThis.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 1_000))
  whenIdle(() => void loadSwitcher().catch(() => {}))
}
