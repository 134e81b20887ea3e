import type { ConversationId, EntryId, PersonId } from '@sotto/protocol'
import type { Tx } from '#platform/database'

type Tables = {
  kept_messages: {
    message: EntryId
    conversation: ConversationId
    sender: PersonId
    deleted_by: PersonId
    at: Date
    content: Buffer
  }
}

export async function insertKept(tx: Tx, kept: Tables['kept_messages']): Promise<void> {
  await tx.withTables<Tables>().insertInto('kept_messages').values(kept).execute()
}
