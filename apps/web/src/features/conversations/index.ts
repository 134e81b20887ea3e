export { default as ConversationSign } from './ConversationSign.vue'
export { nameOf, type Signed } from './naming.ts'
