import type { ConversationItem } from '@sotto/client'
import type { ConversationCard } from '@sotto/protocol'
import { listWords, t } from '#words/t.ts'
import { isSupervised } from './pairs.ts'

/** What its sign is made from. `card` is null for a person with whom there is no thread yet. */
export type Signed = Pick<ConversationItem, 'details' | 'other'> & {
  readonly card: (Pick<ConversationCard, 'kind' | 'conversation'> & { readonly role?: ConversationCard['role'] }) | null
}

/** What a conversation is called for the person who looks at it. */
export function nameOf({
  card,
  details,
  other,
  pair,
}: Pick<ConversationItem, 'details' | 'other' | 'pair'> & { readonly card: ConversationCard | null }): string {
  if (isSupervised(card))
    return pair.length ? listWords(pair.map(({ displayName }) => displayName)) : t('conversation.supervised')
  return details?.name ?? other?.displayName ?? t('conversation.openSeat')
}

/** The first word of a name, for where a line is short. */
export function firstName(displayName: string): string {
  return displayName.trim().split(/\s+/u)[0] ?? displayName
}
