import type { ConversationItem } from '@sotto/client'
import { t } from '#words/t.ts'

/** What its sign is made from. `card` is null for a person with whom there is no thread yet. */
export type Signed = Pick<ConversationItem, 'details' | 'other'> & {
  readonly card: Pick<ConversationItem['card'], 'kind' | 'conversation'> | null
}

/** What a conversation is called for the person who looks at it. */
export function nameOf({ details, other }: Pick<ConversationItem, 'details' | 'other'>): string {
  return details?.name ?? other?.displayName ?? t('conversation.openSeat')
}

/** The first word of a name, for where a line is short. */
export function firstName(displayName: string): string {
  return displayName.trim().split(/\s+/u)[0] ?? displayName
}
