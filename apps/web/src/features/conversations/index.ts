export { default as ConversationSign } from './ConversationSign.vue'
export { nameOf } from './naming.ts'
