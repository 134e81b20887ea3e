import { type Feature, reads } from '#platform/feature'

export const board: Feature = {
  name: 'board',
  commands: [
    reads('board.pull', ({ db, board, actor }, { after, limit = 200 }) => board.pull(db, actor.person, after, limit)),
  ],
}
