import { defineAsyncComponent } from 'vue'

export { default as ConversationSign } from './ConversationSign.vue'
export { isMuted } from './muted.ts'
export { nameOf, type Signed } from './naming.ts'
/** How a group or channel is run; loaded when it is looked at. */
export const RunForm = defineAsyncComponent(() => import('./details/RunForm.vue'))
