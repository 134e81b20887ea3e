import { randomUUIDv7 } from 'node:crypto'
import type { Input, Reply } from '@sotto/protocol'
import { requireMay } from '#features/conversations'
import { tokensOf } from '#features/sessions'
import type { WriteContext } from '#platform/feature'
import { requireManyPeople } from './policy.ts'
import { insertLink } from './store.ts'

/** What the signed token in an invitation link is for; no token of another type is taken for it. */
export const linkType = 'conversation-invitation'

export async function invite(
  context: WriteContext<'conversation_member'>,
  { conversation, uses, expiresInHours }: Input<'members.invite'>,
): Promise<Reply<'members.invite'>> {
  const { tx, clock, actor } = context
  requireManyPeople(await requireMay(context, conversation, 'invite'))
  const id = randomUUIDv7()
  const expiresAt = new Date(clock.now().getTime() + expiresInHours * 3_600_000)
  await insertLink(tx, { id, conversation, created_by: actor.person, uses_left: uses, expires_at: expiresAt })
  context.audit.record(context, { action: 'link.made', conversation, detail: { link: id, uses, expiresInHours } })
  const invitation = await (await tokensOf(context)).sign(linkType, { jti: id, sub: conversation }, expiresAt)
  return { invitation, expiresAt: expiresAt.toISOString() }
}
