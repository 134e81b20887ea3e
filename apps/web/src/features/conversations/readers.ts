import type { ConversationItem } from '@sotto/client'
import type { ConversationCard, Policy } from '@sotto/protocol'
import { type Look, supervisorNames } from '#features/people'
import { t } from '#words/t.ts'
import { nameOf } from './naming.ts'
import { isSupervised } from './pairs.ts'

/** What tells who can read a conversation. */
export type Readers = Pick<ConversationItem, 'details' | 'other' | 'members'> & {
  readonly card: ConversationCard | null
  /** Of a thread of two: what the server said about it. */
  readonly look?: Look | null
}

/** Before the first message, the policy the thread will be made with. */
export function policyOf({ card, look }: Pick<Readers, 'card' | 'look'>): Policy {
  return card?.policy ?? look?.policy ?? 'managed'
}

/** Who can read, in words: everybody who could, and nobody else. */
export function readersWords(readers: Readers): string {
  const { card, other, details, members, look } = readers
  const policy = policyOf(readers)
  if (card && isSupervised(card)) return t('policy.supervisedPair', { names: nameOf(readers) })
  if (card?.kind === 'channel' && details?.listed) return t('policy.listed')
  if (card && card.kind !== 'thread') return t(`policy.${policy}Many`, {}, Math.max(members, 1))
  if (!other) return t(`policy.${policy}Open`)
  const name = other.displayName
  if (policy === 'supervised' && look && look.supervisors.length > 0)
    return t('policy.supervisedBy', { name, supervisors: supervisorNames(look.supervisors) })
  return t(`policy.${policy}Who`, { name })
}
