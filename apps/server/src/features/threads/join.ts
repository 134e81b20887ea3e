import { AppError, type ConversationId, type Input, type Reply } from '@sotto/protocol'
import { mayStartWith } from '#features/directory'
import { hiddenFrom } from '#features/people'
import { holdRules } from '#features/relationships'
import { tokensOf } from '#features/sessions'
import { transact } from '#platform/database'
import type { Context, WriteContext } from '#platform/feature'
import { invitationType } from './invite.ts'
import { seatSecond } from './seat-second.ts'
import { putSeatRequest, useThreadInvitation } from './store.ts'

/** How many open requests a person may have before the oldest gives way. */
const maxRequests = 50

/** The id of a thread admits nobody: an invitation does, once, or the one who holds the other seat. */
export async function join(
  context: WriteContext<'signed_in'>,
  { conversation, invitation }: Input<'threads.join'>,
): Promise<Reply<'threads.join'>> {
  const { log, actor } = context
  const seat = await log.findSeat(conversation, actor.person, context.tx)
  // A supervisor of the one who holds the first seat may still be invited to the second.
  if (seat && !(seat.role === 'reader' && invitation !== undefined)) return { state: 'joined', conversation }
  if (invitation !== undefined)
    return { state: 'joined', conversation: await joinInvited(context, conversation, invitation) }
  return ask(context, conversation)
}

/** Whatever is wrong with the invitation, the answer is that it no longer works. */
async function joinInvited(
  context: WriteContext<'signed_in'>,
  conversation: ConversationId,
  invitation: string,
): Promise<ConversationId> {
  const { tx, log, actor } = context
  const claims = await (await tokensOf(context)).verify(invitationType, invitation)
  if (claims?.sub !== conversation || !claims.jti) throw new AppError('link_expired', 'invitation')
  if (!(await useThreadInvitation(tx, claims.jti, conversation, actor.person)))
    throw new AppError('link_expired', 'invitation')
  const thread = await log.findConversation(tx, conversation)
  const [owner, second] = thread?.pair ?? []
  if (!owner || second) throw new AppError('link_expired', 'invitation')
  // One thread per pair: where the two have one, that is where the invitation leads.
  const existing = await log.lockPair(tx, owner, actor.person)
  if (existing) return existing
  if ((await hiddenFrom(tx, actor.person)).includes(owner)) throw new AppError('link_expired', 'invitation')
  await holdRules(tx)
  // The invitation is the owner’s first word to whoever comes: it counts for as long as they may speak it.
  if (!(await mayStartWith(context, tx, owner, actor.person))) throw new AppError('link_expired', 'invitation')
  await seatSecond(context, conversation, owner, actor.person)
  return conversation
}

/** Leaves the same trace and gives the same answer for a thread that exists and one that does not. */
async function ask(context: WriteContext<'signed_in'>, conversation: ConversationId): Promise<Reply<'threads.join'>> {
  const at = context.clock.now()
  await putSeatRequest(context.tx, conversation, context.actor.person, at, maxRequests)
  // After the answer is decided, so that its time tells nothing either.
  context.after(() =>
    setImmediate(
      () =>
        void showRequest(context, conversation, at).catch((error) =>
          context.logger.warn({ err: error }, 'a request was not shown'),
        ),
    ),
  )
  return { state: 'asked', conversation: null }
}

async function showRequest(context: Context<'signed_in'>, conversation: ConversationId, at: Date): Promise<void> {
  const { db, log, board, actor } = context
  const thread = await log.findConversation(db, conversation)
  if (thread?.kind !== 'thread' || thread.pair[0] === null || thread.pair[1] !== null) return
  const owner = thread.pair[0]
  if ((await hiddenFrom(db, actor.person)).includes(owner)) return
  const value = { conversation, person: actor.person, at: at.toISOString() }
  await transact(db, (tx, after) =>
    board.put(tx, after, owner, [{ key: `request/${conversation}/${actor.person}`, value }]),
  )
}
