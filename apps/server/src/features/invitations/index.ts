import { createHash, randomBytes, randomUUIDv7 } from 'node:crypto'
import { AppError, type Invitation, type InvitationId, mayGive, type RoleId } from '@sotto/protocol'
import { maySignIn, permissionsOf } from '#features/people'
import { getRole, requireGiving } from '#features/roles'
import type { Db, Tx } from '#platform/database'
import { type Feature, reads, writes } from '#platform/feature'
import { deleteInvitation, findUsable, type InvitationRow, insertInvitation, listUsable, takeUse } from './store.ts'

export const invitations: Feature = {
  name: 'invitations',
  commands: [
    writes('invitations.create', async (context, { role, uses, expiresInHours }) => {
      const { tx, audit, clock, actor, permissions } = context
      requireGiving(permissions, (await getRole(tx, role)).permissions)
      const token = randomBytes(24).toString('base64url')
      const createdAt = clock.now()
      const row = {
        id: randomUUIDv7() as InvitationId,
        token_hash: hashToken(token),
        role,
        uses_left: uses,
        expires_at: new Date(createdAt.getTime() + expiresInHours * 3_600_000),
        created_by: actor.person,
        created_at: createdAt,
      }
      await insertInvitation(tx, row)
      audit.record(context, { action: 'invitation.made', detail: { invitation: row.id, role, uses, expiresInHours } })
      return { invitation: toInvitation(row), token }
    }),
    reads('invitations.list', async ({ db, clock }) => ({
      invitations: (await listUsable(db, clock.now())).map(toInvitation),
    })),
    writes('invitations.revoke', async (context, { invitation }) => {
      if (!(await deleteInvitation(context.tx, invitation))) throw new AppError('not_found', 'invitation')
      context.audit.record(context, { action: 'invitation.ended', detail: { invitation } })
      return {}
    }),
  ],
}

/** Takes one use of an invitation and gives the role it grants. Throws `link_expired`, whatever is wrong with it. */
export async function useInvitation(tx: Tx, token: string, now: Date): Promise<RoleId> {
  const row = await takeUse(tx, hashToken(token), now)
  if (!row || !(await isGood(tx, row, now))) throw new AppError('link_expired', 'invitation')
  return row.role
}

/** An invitation that could be used now. Throws `link_expired`. */
export async function getInvitation(
  db: Db,
  token: string,
  now: Date,
): Promise<Pick<InvitationRow, 'role' | 'created_by'>> {
  const row = await findUsable(db, hashToken(token), now)
  if (!row || !(await isGood(db, row, now))) throw new AppError('link_expired', 'invitation')
  return row
}

/**
 * An invitation admits as long as whoever made it could make it: somebody who was suspended, or may not give its role any more, does not
 * come back by one they have kept.
 */
async function isGood(db: Db | Tx, { role, created_by: maker }: InvitationRow, now: Date): Promise<boolean> {
  const mine = await permissionsOf(db, maker)
  const { permissions } = await getRole(db, role)
  return mine.includes('people.invite') && mayGive(mine, permissions) && (await maySignIn(db, maker, now))
}

function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function toInvitation(row: InvitationRow): Invitation {
  return {
    id: row.id,
    role: row.role,
    usesLeft: row.uses_left,
    expiresAt: row.expires_at.toISOString(),
    createdAt: row.created_at.toISOString(),
  }
}
