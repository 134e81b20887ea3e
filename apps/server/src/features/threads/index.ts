import { type Feature, reads, writes } from '#platform/feature'
import { answer } from './answer.ts'
import { invite } from './invite.ts'
import { join } from './join.ts'
import { look } from './look.ts'
import { open } from './open.ts'
import { start } from './start.ts'

export { startEach } from './start.ts'

export const threads: Feature = {
  name: 'threads',
  commands: [
    writes('threads.start', start),
    reads('threads.look', look),
    writes('threads.open', open),
    writes('threads.invite', invite),
    writes('threads.join', join),
    writes('threads.answer', answer),
  ],
}
