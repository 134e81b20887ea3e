import { type Act, AppError, type ConversationId, type MemberRole, memberMay, type Permission } from '@sotto/protocol'
import type { Tx } from '#platform/database'
import type { Actor, Platform } from '#platform/feature'
import type { Conversation } from '#platform/log'

/**
 * Locks a conversation and checks that the actor may do this in it now: by their role there, or in a channel by the permission to manage
 * every channel. Throws `not_found` to everybody who is not in it, else `forbidden`.
 */
export async function requireMay(
  { tx, log, clock, actor, permissions }: Platform & { tx: Tx; actor: Actor; permissions: readonly Permission[] },
  conversation: ConversationId,
  act: Act,
): Promise<Conversation & { role: MemberRole | undefined }> {
  const locked = await log.lock(tx, conversation)
  const [me] = await log.findMembers(tx, conversation, [actor.person])
  const managesChannels = locked.kind === 'channel' && permissions.includes('channels.manage')
  if (!me && !managesChannels) throw new AppError('not_found', 'conversation')
  if (!managesChannels && !(me && memberMay(me.role, act, locked.details))) throw new AppError('forbidden', act)
  // A name, a topic and a picture are words too.
  if (act === 'change' && me?.silencedUntil && me.silencedUntil > clock.now())
    throw new AppError('forbidden', 'silenced')
  return { ...locked, role: me?.role }
}
