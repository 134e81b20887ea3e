import { AppError } from '@sotto/protocol'
import { maxTextBytes } from '@sotto/protocol/pure'
import { requireSeat } from '#features/conversations'
import { acts, type Feature, reads } from '#platform/feature'

export const messages: Feature = {
  name: 'messages',
  commands: [
    acts('messages.send', async ({ log, actor }, { conversation, clientId, text }) => {
      requireText(text)
      const { person: sender, session } = actor
      const { id, place, at } = await log.append({
        conversation,
        sender,
        session,
        clientId,
        kind: 'message',
        body: { text },
      })
      return { id, place, at: at.toISOString() }
    }),
    acts('messages.page', async (context, { conversation, before, after, limit = 50 }) => {
      const { head, floor } = await requireSeat(context, conversation)
      if ((before ?? 0) > head + 1 || (after ?? 0) > head) throw new AppError('invalid_input', 'place out of range')
      const from = Math.max(floor, (after ?? 0) + 1)
      const to = Math.min(head, (before ?? head + 1) - 1)
      const entries = await context.log.page({ conversation, from, to, limit, newest: after === undefined })
      return { entries, head, floor }
    }),
    reads('messages.pull', async ({ log, actor }, { spans, limit = 500 }) => ({
      spans: await log.spans(
        actor.person,
        spans.map((span) => ({ newestFirst: false, ...span })),
        limit,
      ),
    })),
  ],
}

/** Throws `too_large` or `invalid_input` for a text that cannot be sent. */
export function requireText(text: string): void {
  if (!text.isWellFormed()) throw new AppError('invalid_input', 'text is not valid Unicode')
  if (Buffer.byteLength(text) > maxTextBytes) throw new AppError('too_large', 'text')
  if (text.trim() === '') throw new AppError('invalid_input', 'text is empty')
}
