import { type Feature, writes } from '#platform/feature'
import { circleHandlers } from './circles.ts'
import { importFile } from './import.ts'
import { kindHandlers } from './kinds.ts'
import { relationshipHandlers } from './set.ts'
import { simulate } from './simulate.ts'
import { superviseAll } from './supervision.ts'

export { showSupervisors } from './named.ts'
export { peopleInCircles } from './store.ts'
export { holdRules, supervise, superviseAll, supervisedAmong, supervisorsOf } from './supervision.ts'
export { circlesWithin, reachedBy, tiesBetween } from './ties.ts'

/** Who teaches, guards or cares for whom, and what follows from it: who finds, begins a thread with and supervises whom. */
export const relationships: Feature = {
  name: 'relationships',
  commands: [
    ...circleHandlers,
    ...kindHandlers,
    ...relationshipHandlers,
    writes('relationships.import', importFile),
    writes('policy.simulate', simulate),
  ],
  daily: superviseAll,
}
