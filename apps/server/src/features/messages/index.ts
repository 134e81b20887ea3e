import { AppError } from '@sotto/protocol'
import { requireSeat } from '#features/conversations'
import { acts, type Feature, reads, writes } from '#platform/feature'
import { deleteMessage, edit } from './change.ts'
import { pin } from './pin.ts'
import { send } from './send.ts'

export { takeOut } from './change.ts'
export { judgeText } from './judge.ts'
export { requireText } from './text.ts'

export const messages: Feature = {
  name: 'messages',
  commands: [
    acts('messages.send', send),
    acts('messages.page', async (context, { conversation, before, after, limit = 50 }) => {
      const { head, floor } = await requireSeat(context, conversation)
      if ((before ?? 0) > head + 1 || (after ?? 0) > head) throw new AppError('invalid_input', 'place out of range')
      const from = Math.max(floor, (after ?? 0) + 1)
      const to = Math.min(head, (before ?? head + 1) - 1)
      const entries = await context.log.page({ conversation, from, to, limit, newest: after === undefined })
      const about = await context.log.about([{ entries, to: entries.at(-1)?.place ?? 0, head }])
      return { entries, about, head, floor }
    }),
    reads('messages.pull', ({ log, actor }, { spans, limit = 500 }) =>
      log.spans(
        actor.person,
        spans.map((span) => ({ newestFirst: false, ...span })),
        limit,
      ),
    ),
    writes('messages.edit', edit),
    writes('messages.delete', deleteMessage),
    writes('messages.pin', pin),
    reads('messages.pins', async (context, { conversation }) => {
      const { head, floor } = await requireSeat(context, conversation)
      const pins = await context.log.pins(conversation, floor)
      const about = await context.log.about(
        pins.map(({ message }) => ({ entries: [message], to: message.place, head })),
      )
      return { pins, about, head }
    }),
  ],
}
