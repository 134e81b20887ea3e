import type { ConversationKind, Details, MemberRole, Rights } from './conversations.ts'

const rank: Record<MemberRole, number> = { reader: 0, member: 1, moderator: 2, owner: 3 }

/** What one may want to do in a conversation: one of its rights, or `manage`: roles, rights, history. */
export type Act = keyof Rights | 'manage'

/** Whether a member of this role may do it in a conversation that is run like this. */
export function memberMay(role: MemberRole, act: Act, details: Details): boolean {
  if (act === 'manage') return role === 'owner'
  if ((act === 'post' || act === 'pin') && details.closed) return false
  return rank[role] >= rank[details.rights[act]]
}

/** Whether a member may take another out or silence them: moderators answer to owners, and nobody acts on an equal. */
export function outranks(one: MemberRole, other: MemberRole): boolean {
  return rank[one] > rank[other]
}

/** How each kind of conversation is run at first. */
export const defaultDetails: Record<ConversationKind, Details> = {
  thread: {
    name: null,
    topic: '',
    picture: null,
    category: '',
    listed: false,
    history: 'all',
    rights: { post: 'member', invite: 'owner', change: 'owner', moderate: 'owner', pin: 'member' },
    slowSeconds: 0,
    closed: false,
  },
  group: {
    name: null,
    topic: '',
    picture: null,
    category: '',
    listed: false,
    history: 'joined',
    rights: { post: 'member', invite: 'member', change: 'member', moderate: 'moderator', pin: 'member' },
    slowSeconds: 0,
    closed: false,
  },
  channel: {
    name: null,
    topic: '',
    picture: null,
    category: '',
    listed: true,
    history: 'all',
    rights: { post: 'member', invite: 'member', change: 'moderator', moderate: 'moderator', pin: 'moderator' },
    slowSeconds: 0,
    closed: false,
  },
}

/** Details as they were stored, before there was all that they have now. */
export type StoredDetails = Partial<Omit<Details, 'rights'>> & { readonly rights?: Partial<Rights> }

/** With the defaults of the kind for what they lack. */
export function completeDetails(kind: ConversationKind, stored: StoredDetails): Details {
  const usual = defaultDetails[kind]
  return { ...usual, ...stored, rights: { ...usual.rights, ...stored.rights } }
}
