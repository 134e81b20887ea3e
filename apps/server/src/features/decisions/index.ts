import { type Feature, writes } from '#platform/feature'
import { decide } from './decide.ts'

/** What comes of reports. */
export const decisions: Feature = {
  name: 'decisions',
  commands: [
    writes('reports.decide', decide),
    writes('notices.dismiss', async ({ tx, after, board, actor }, { notice }) => {
      const key = `notice/${notice}`
      if (await board.find(tx, actor.person, key)) await board.put(tx, after, actor.person, [{ key, value: null }])
      return {}
    }),
  ],
}
