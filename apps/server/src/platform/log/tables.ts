import type { ConversationId, ConversationKind, EntryId, EntryKind, PersonId, Policy, SessionId } from '@sotto/protocol'

export type MemberRole = 'owner' | 'member' | 'reader'

/** The log’s own tables. Others ask `#platform/log`. */
export type Tables = {
  conversations: {
    id: ConversationId
    kind: ConversationKind
    policy: Policy
    title: string | null
    first_person: PersonId | null
    second_person: PersonId | null
    head: number
    created_at: Date
  }
  members: {
    conversation: ConversationId
    person: PersonId
    role: MemberRole
    joined_at_place: number
    left_at_place: number | null
    read_place: number
    shown_read_place: number
    delivered_place: number
  }
  entries: {
    conversation: ConversationId
    place: number
    id: EntryId
    sender: PersonId
    session: SessionId | null
    client_id: string
    kind: EntryKind
    target: EntryId | null
    at: Date
    body: Buffer
  }
}
