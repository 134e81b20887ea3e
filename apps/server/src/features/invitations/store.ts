import type { InvitationId, PersonId, RoleId } from '@sotto/protocol'
import type { Db, Tx } from '#platform/database'

type Tables = {
  invitations: {
    id: InvitationId
    token_hash: Buffer
    role: RoleId
    uses_left: number
    expires_at: Date
    created_by: PersonId
    created_at: Date
  }
}
export type InvitationRow = Tables['invitations']

export async function insertInvitation(tx: Tx, row: InvitationRow): Promise<void> {
  await tx.withTables<Tables>().insertInto('invitations').values(row).execute()
}

export async function listUsable(db: Db, now: Date): Promise<InvitationRow[]> {
  return db
    .withTables<Tables>()
    .selectFrom('invitations')
    .selectAll()
    .where('uses_left', '>', 0)
    .where('expires_at', '>', now)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(500)
    .execute()
}

export async function findUsable(db: Db, tokenHash: Buffer, now: Date): Promise<InvitationRow | undefined> {
  return db
    .withTables<Tables>()
    .selectFrom('invitations')
    .selectAll()
    .where('token_hash', '=', tokenHash)
    .where('uses_left', '>', 0)
    .where('expires_at', '>', now)
    .executeTakeFirst()
}

/** Takes one use. Of several who come for the last one, one gets it. */
export async function takeUse(tx: Tx, tokenHash: Buffer, now: Date): Promise<InvitationRow | undefined> {
  return tx
    .withTables<Tables>()
    .updateTable('invitations')
    .set((row) => ({ uses_left: row('uses_left', '-', 1) }))
    .where('token_hash', '=', tokenHash)
    .where('uses_left', '>', 0)
    .where('expires_at', '>', now)
    .returningAll()
    .executeTakeFirst()
}

export async function deleteInvitation(tx: Tx, id: InvitationId): Promise<boolean> {
  const { numDeletedRows } = await tx
    .withTables<Tables>()
    .deleteFrom('invitations')
    .where('id', '=', id)
    .executeTakeFirst()
  return numDeletedRows === 1n
}
