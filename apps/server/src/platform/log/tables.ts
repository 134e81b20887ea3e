import type {
  ConversationId,
  ConversationKind,
  Details,
  EntryId,
  EntryKind,
  MemberRole,
  PersonId,
  Policy,
  SessionId,
} from '@sotto/protocol'

/** The log’s own tables. Others ask `#platform/log`. */
export type Tables = {
  conversations: {
    id: ConversationId
    kind: ConversationKind
    policy: Policy
    details: Details
    member_count: number
    post_rank: number
    pin_rank: number
    slow_seconds: number
    blocked: boolean
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
    silenced_until: Date | null
    last_post_at: Date | null
    seated_until: Date | null
    banned_until: Date | null
  }
  pins: {
    conversation: ConversationId
    message: EntryId
    place: number
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
