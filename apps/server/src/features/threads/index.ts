import { type Feature, writes } from '#platform/feature'
import { answer } from './answer.ts'
import { invite } from './invite.ts'
import { join } from './join.ts'
import { open } from './open.ts'
import { start } from './start.ts'

export const threads: Feature = {
  name: 'threads',
  commands: [
    writes('threads.start', start),
    writes('threads.open', open),
    writes('threads.invite', invite),
    writes('threads.join', join),
    writes('threads.answer', answer),
  ],
}
