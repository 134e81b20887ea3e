import type { Me } from '@sotto/client'
import type { ConversationCard, Details, Member } from '@sotto/protocol'
import { type Act, memberMay, outranks } from '@sotto/protocol/pure'

/** A group or channel as one of its members sees it, or as somebody who looks after all channels does. */
export interface Place {
  readonly card: Pick<ConversationCard, 'conversation' | 'kind' | 'role'>
  readonly details: Details
}

/** Whether I may do it here: by my role in it, or in a channel because I look after all of them. */
export function may(me: Me, { card, details }: Place, act: Act): boolean {
  return managesAll(me, card) || memberMay(card.role, act, details)
}

/** Whether I may take this member out or silence them. */
export function mayModerate(me: Me, place: Place, member: Member): boolean {
  if (member.person === me.person.id) return false
  return may(me, place, 'moderate') && (managesAll(me, place.card) || outranks(place.card.role, member.role))
}

function managesAll(me: Me, card: Place['card']): boolean {
  return card.kind === 'channel' && me.permissions.includes('channels.manage')
}
