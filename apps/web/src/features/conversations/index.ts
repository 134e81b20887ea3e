export { nameOf } from './naming.ts'
