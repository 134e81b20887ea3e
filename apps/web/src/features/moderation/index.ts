import { defineAsyncComponent } from 'vue'

export { default as NoticeCards } from './NoticeCards.vue'
/** Loaded when somebody reports something. */
export const ReportDialog = defineAsyncComponent(() => import('./ReportDialog.vue'))
