import { defineAsyncComponent } from 'vue'

/** Loaded when somebody reports something. */
export const ReportDialog = defineAsyncComponent(() => import('./ReportDialog.vue'))
