import type { ConversationCard, Person } from '@sotto/protocol'
import { t } from '#words/t.ts'

/** What a conversation is called for the person who looks at it. */
export function nameOf(card: ConversationCard | null, other: Person | null): string {
  return other?.displayName ?? t('conversation.openSeat')
}
