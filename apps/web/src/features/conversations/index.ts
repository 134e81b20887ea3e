export { default as ConversationSign } from './ConversationSign.vue'
export { isMuted } from './muted.ts'
export { nameOf, type Signed } from './naming.ts'
