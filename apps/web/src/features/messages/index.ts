export { namesIn } from './event-words.ts'
export { default as MessageComposer } from './MessageComposer.vue'
export { default as MessageList } from './MessageList.vue'
