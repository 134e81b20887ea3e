import type { ConversationId, EntryId, PersonId } from '@sotto/protocol'
import type { Tx } from '#platform/database'
import type { Platform } from '#platform/feature'
import { findKept, insertKept } from './store.ts'

/** What a moderator deleted. */
export interface Kept {
  readonly conversation: ConversationId
  readonly message: EntryId
  readonly sender: PersonId
  readonly deletedBy: PersonId
  readonly text: string
  readonly reason: string
}

const belongsTo = (message: EntryId) => `kept ${message}`

/** Keeps what a moderator takes out of the log, for those who review reports. */
export async function keepDeleted(
  { tx, sealing, clock }: Platform & { tx: Tx },
  { conversation, message, sender, deletedBy, text, reason }: Kept,
): Promise<void> {
  const content = await sealing.seal(conversation, belongsTo(message), Buffer.from(JSON.stringify({ text, reason })))
  await insertKept(tx, { message, conversation, sender, deleted_by: deletedBy, at: clock.now(), content })
}

/** What a deleted message said; null where its sender took it back. */
export async function readKept(
  { tx, sealing }: Platform & { tx: Tx },
  conversation: ConversationId,
  message: EntryId,
): Promise<string | null> {
  const content = await findKept(tx, message)
  if (!content) return null
  return JSON.parse(String(await sealing.open(conversation, belongsTo(message), content))).text
}
