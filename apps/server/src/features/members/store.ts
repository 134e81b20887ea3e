import type { ConversationId, PersonId } from '@sotto/protocol'
import type { Tx } from '#platform/database'

type Tables = {
  conversation_links: {
    id: string
    conversation: ConversationId
    created_by: PersonId
    uses_left: number
    expires_at: Date
  }
  conversation_link_uses: { link: string; person: PersonId }
}

export async function insertLink(tx: Tx, link: Tables['conversation_links']): Promise<void> {
  await tx.withTables<Tables>().insertInto('conversation_links').values(link).execute()
}

/** Takes one use, once per person: who comes back with the link after having been taken out is not let in again. Gives who made the link. */
export async function useLink(
  tx: Tx,
  id: string,
  conversation: ConversationId,
  person: PersonId,
): Promise<PersonId | undefined> {
  const tables = tx.withTables<Tables>()
  const row = await tables
    .updateTable('conversation_links')
    .set((columns) => ({ uses_left: columns('uses_left', '-', 1) }))
    .where('id', '=', id)
    .where('conversation', '=', conversation)
    .where('uses_left', '>', 0)
    .returning('created_by')
    .executeTakeFirst()
  if (!row) return undefined
  const { numInsertedOrUpdatedRows } = await tables
    .insertInto('conversation_link_uses')
    .values({ link: id, person })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n ? row.created_by : undefined
}
