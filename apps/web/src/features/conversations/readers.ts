import type { ConversationItem } from '@sotto/client'
import type { ConversationCard, Policy } from '@sotto/protocol'
import { type Look, supervisorNames } from '#features/people'
import { listWords, t } from '#words/t.ts'
import { isSupervised } from './pairs.ts'

/** What tells who can read a conversation. */
export type Readers = Pick<ConversationItem, 'details' | 'other' | 'members' | 'pair'> & {
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
  if (isSupervised(card)) return alongWords(readers)
  if (card?.kind === 'channel' && details?.listed) return t('policy.listed')
  if (card && card.kind !== 'thread') return t(`policy.${policy}Many`, {}, Math.max(members, 1))
  if (!other) return t(`policy.${policy}Open`)
  const name = other.displayName
  if (policy === 'supervised' && look && look.supervisors.length > 0)
    return t('policy.supervisedBy', { name, supervisors: supervisorNames(look.supervisors) })
  return t(`policy.${policy}Who`, { name })
}

/** Who can read a thread that one reads along oneself: the two, oneself, and perhaps others who do. */
function alongWords({ pair, members }: Readers): string {
  const names = pair.length ? listWords(pair.map(({ displayName }) => displayName)) : t('policy.theTwo')
  // Until the server has told how many there are, others may be among them.
  if (members < 3) return t('policy.supervisedAlong', { names })
  return members === 3 ? t('policy.supervisedAlone', { names }) : t('policy.supervisedOthers', { names }, members - 3)
}
