export { default as ConnectionLine } from './ConnectionLine.vue'
