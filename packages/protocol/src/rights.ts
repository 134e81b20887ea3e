import type { ConversationKind, Details, MemberRole, Rights } from './conversations.ts'

const rank: Record<MemberRole, number> = { reader: 0, member: 1, moderator: 2, owner: 3 }

/** What one may want to do in a conversation: one of its rights, or `manage`: roles, rights, history. */
export type Act = keyof Rights | 'manage'

/** Whether a member of this role may do it in a conversation that is run like this. */
export function memberMay(role: MemberRole, act: Act, details: Details): boolean {
  if (act === 'manage') return role === 'owner'
  if (act === 'post' && details.closed) return false
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
    category: '',
    listed: false,
    history: 'all',
    rights: { post: 'member', invite: 'owner', change: 'owner', moderate: 'owner' },
    slowSeconds: 0,
    closed: false,
  },
  group: {
    name: null,
    topic: '',
    category: '',
    listed: false,
    history: 'joined',
    rights: { post: 'member', invite: 'member', change: 'member', moderate: 'moderator' },
    slowSeconds: 0,
    closed: false,
  },
  channel: {
    name: null,
    topic: '',
    category: '',
    listed: true,
    history: 'all',
    rights: { post: 'member', invite: 'member', change: 'moderator', moderate: 'moderator' },
    slowSeconds: 0,
    closed: false,
  },
}
