import type { ConversationItem } from '@sotto/client'
import { t } from '#words/t.ts'

/** What tells who can read a conversation. */
export type Readers = Pick<ConversationItem, 'details' | 'other' | 'members'> & {
  readonly card: ConversationItem['card'] | null
}

/** Who can read, in words: everybody who could, and nobody else. */
export function readersWords({ card, other, details, members }: Readers): string {
  const policy = card?.policy ?? 'managed'
  if (card?.kind === 'channel' && details?.listed) return t('policy.listed')
  if (card && card.kind !== 'thread') return t(`policy.${policy}Many`, {}, Math.max(members, 1))
  return other ? t(`policy.${policy}Who`, { name: other.displayName }) : t(`policy.${policy}Open`)
}
