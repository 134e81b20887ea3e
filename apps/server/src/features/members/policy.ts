import { AppError, type ConversationId, type MemberRole, outranks } from '@sotto/protocol'
import type { WriteContext } from '#platform/feature'
import type { Conversation, MemberState } from '#platform/log'

type Locked = Conversation & { role: MemberRole | undefined }

/** A thread is of two: nobody is added to it, or taken out of it. */
export function requireManyPeople({ kind }: Conversation): void {
  if (kind === 'thread') throw new AppError('invalid_input', 'a thread is of two')
}

/** Nobody acts on an equal; whoever manages every channel acts on anybody in one. */
export function requireAbove({ permissions }: WriteContext, locked: Locked, them: MemberState): void {
  if (locked.kind === 'channel' && permissions.includes('channels.manage')) return
  if (!locked.role || !outranks(locked.role, them.role)) throw new AppError('forbidden', 'role')
}

/** Throws `conflict` where one owner is all there is. Under the conversation's lock. */
export async function requireAnotherOwner({ tx, log }: WriteContext, conversation: ConversationId): Promise<void> {
  if ((await log.countOwners(tx, conversation)) < 2) throw new AppError('conflict', 'the last owner')
}
