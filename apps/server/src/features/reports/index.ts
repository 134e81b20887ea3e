import { type Feature, writes } from '#platform/feature'
import { make } from './file.ts'
import { get, list } from './review.ts'

export { fileWords } from './file.ts'
export { keepDeleted } from './kept.ts'
export { noteOf, toReport } from './review.ts'
export { lockReport, type ReportRow, updateReport } from './store.ts'

/** What people put before the moderators. What comes of it is in `decisions`. */
export const reports: Feature = {
  name: 'reports',
  commands: [writes('reports.make', make), writes('reports.list', list), writes('reports.get', get)],
}
