import { AppError, type Input, type Reply } from '@sotto/protocol'
import { requireSeat } from '#features/conversations'
import { fileWords } from '#features/reports'
import { transact } from '#platform/database'
import type { Context } from '#platform/feature'
import { judgeText } from './judge.ts'
import { requireText } from './text.ts'

export async function send(
  context: Context<'conversation_member'>,
  { conversation, clientId, text }: Input<'messages.send'>,
): Promise<Reply<'messages.send'>> {
  const { log, db, actor } = context
  requireText(text)
  const verdict = await judgeText(context, text, async () => {
    // To a stranger the answer must not tell that there is something to filter.
    await requireSeat(context, conversation)
    const found = await log.findConversation(db, conversation)
    if (!found) throw new AppError('not_found', 'conversation')
    return found.policy
  })
  const { person: sender, session } = actor
  const draft = { conversation, sender, session, clientId, kind: 'message', body: { text } } as const
  const appended =
    verdict === 'fine'
      ? await log.append(draft)
      : await transact(context.db, async (tx, after) => {
          const [sent] = await log.appendIn(tx, after, [draft])
          if (!sent) throw new Error('an append got no answer')
          if (sent.fresh) await fileWords({ ...context, tx, after }, { conversation, message: sent.id, sender, text })
          return sent
        })
  const { id, place, at } = appended
  return { id, place, at: at.toISOString() }
}
