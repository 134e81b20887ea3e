import type { Feature } from '#platform/feature'

export { keepDeleted } from './kept.ts'

export const reports: Feature = { name: 'reports', commands: [] }
