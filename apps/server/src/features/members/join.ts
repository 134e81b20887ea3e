import { AppError, type Input, memberMay, type Reply } from '@sotto/protocol'
import { enter, requireNoBan } from '#features/conversations'
import { maySignIn } from '#features/people'
import { tokensOf } from '#features/sessions'
import type { WriteContext } from '#platform/feature'
import { linkType } from './invite.ts'
import { useLink } from './store.ts'

/**
 * Joins with a link. A link admits as long as whoever made it could still invite: one made by somebody who has been taken out or suspended, or may no
 * longer invite, is worth nothing. Whatever is wrong, the answer is that it no longer works.
 */
export async function join(
  context: WriteContext<'signed_in'>,
  { conversation, invitation }: Input<'members.join'>,
): Promise<Reply<'members.join'>> {
  const { tx, log, clock, actor } = context
  const claims = await (await tokensOf(context)).verify(linkType, invitation)
  if (claims?.sub !== conversation || !claims.jti) throw new AppError('link_expired', 'invitation')
  const found = await log.findConversation(tx, conversation)
  if (!found) throw new AppError('link_expired', 'invitation')
  const locked = await log.lock(tx, conversation)
  if ((await log.findMembers(tx, conversation, [actor.person])).length > 0) return { head: locked.head }
  await requireNoBan(context, conversation, actor.person)
  const inviter = await useLink(tx, claims.jti, conversation, actor.person)
  if (!inviter) throw new AppError('link_expired', 'invitation')
  const [state] = await log.findMembers(tx, conversation, [inviter])
  const mayInvite = state && memberMay(state.role, 'invite', locked.details)
  if (!mayInvite || !(await maySignIn(tx, inviter, clock.now()))) throw new AppError('link_expired', 'invitation')
  await enter(context, locked, [actor.person], { person: actor.person, session: actor.session })
  return { head: locked.head }
}
