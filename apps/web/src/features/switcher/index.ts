import { defineAsyncComponent } from 'vue'

export const QuickSwitcher = defineAsyncComponent(() => import('./QuickSwitcher.vue'))
export const ShortcutSheet = defineAsyncComponent(() => import('./ShortcutSheet.vue'))
