import { randomUUIDv7 } from 'node:crypto'
import { AppError, type Input, type Reply } from '@sotto/protocol'
import { tokensOf } from '#features/sessions'
import type { WriteContext } from '#platform/feature'
import { insertThreadInvitation } from './store.ts'

/** What the signed token in an invitation link is for; no token of another type is taken for it. */
export const invitationType = 'thread-invitation'

export async function invite(
  context: WriteContext<'conversation_member'>,
  { conversation, expiresInHours }: Input<'threads.invite'>,
): Promise<Reply<'threads.invite'>> {
  const { tx, log, clock, actor } = context
  const thread = await log.findConversation(tx, conversation)
  if (thread?.kind !== 'thread' || thread.pair[1] !== null)
    throw new AppError('conflict', 'the thread has no free seat')
  // Supervisors read; the seat is the owner’s to give.
  if (thread.pair[0] !== actor.person) throw new AppError('forbidden', 'invite')
  const id = randomUUIDv7()
  const expiresAt = new Date(clock.now().getTime() + expiresInHours * 3_600_000)
  await insertThreadInvitation(tx, id, conversation, expiresAt)
  const invitation = await (await tokensOf(context)).sign(invitationType, { jti: id, sub: conversation }, expiresAt)
  return { invitation, expiresAt: expiresAt.toISOString() }
}
