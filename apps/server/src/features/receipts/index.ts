import { AppError, type ConversationId } from '@sotto/protocol'
import { requireSeat } from '#features/conversations'
import { acts, type Context, type Feature } from '#platform/feature'
import { moveReceipt } from './move.ts'

export const receipts: Feature = {
  name: 'receipts',
  commands: [
    acts('receipts.read', async (context, { conversation, place }) => {
      await requirePlace(context, conversation, place)
      await moveReceipt(context, { person: context.actor.person, conversation, read: place, delivered: place })
      return {}
    }),
    acts('receipts.delivered', async (context, { conversation, place }) => {
      await requirePlace(context, conversation, place)
      await moveReceipt(context, { person: context.actor.person, conversation, read: 0, delivered: place })
      return {}
    }),
  ],
}

async function requirePlace(
  context: Context<'conversation_member'>,
  conversation: ConversationId,
  place: number,
): Promise<void> {
  const { head } = await requireSeat(context, conversation)
  if (place > head) throw new AppError('invalid_input', 'place out of range')
}
