import type {
  ClientId,
  ConversationCard,
  ConversationId,
  Details,
  Entry,
  EntryId,
  ErrorBody,
  ModerationNotice,
  Permission,
  Person,
  PersonId,
  Receipt,
  SeatRequest,
  Settings,
  Shunned,
  Span,
} from '@sotto/protocol'
import type { Pin, Target } from '#client/api.ts'

export interface Account {
  readonly person: Person
  readonly session: string
  /** Null where the browser keeps it in a cookie. */
  readonly refreshToken: string | null
  /** As the server said last; absent until it has. */
  readonly permissions?: readonly Permission[]
}

/** What counting unread needs of an entry. */
export type Countable = Pick<Entry, 'kind' | 'sender' | 'place'>

/** `came`: where its person came in, if that was seen. They have nothing to tell about what was said before. */
export interface KnownReceipt extends Receipt {
  readonly came?: number
}

/** A conversation without its entries: what the list shows and where this device stands. */
export interface ConversationRecord {
  readonly id: ConversationId
  /** Null until the board has told. */
  readonly card: ConversationCard | null
  /** The other person of a thread, known from its first message even before the card. */
  readonly peer: PersonId | null
  readonly head: number
  /** 0 until the server has told. */
  readonly floor: number
  /** My read place as the server knows it. */
  readonly read: number
  /** My read place on this device; the server learns it when there is a connection. */
  readonly seen: number
  /** The delivered place the server has had from this device. */
  readonly reported: number
  /** The other members’; none in conversations too large for them. */
  readonly receipts: readonly KnownReceipt[]
  /** Null until told. */
  readonly details: Details | null
  readonly members: number
  /** The places of which details and members are known, because news can come in any order. */
  readonly detailsAt: number
  readonly membersAt: number
  /** The last that was said about my being silenced; null where nothing was. */
  readonly silenced: { readonly place: number; readonly until: string | null } | null
  /** When I came in, where the entry that says so is held. */
  readonly cameAt: string | null
  /** From here on this device wants every entry; older ones come when they are looked at. 0 until something was there. */
  readonly since: number
  readonly held: readonly Span[]
  readonly last: LastMessage | null
  /** Messages of others above my read place, by place; only as many of the newest as counting needs. */
  readonly unread: readonly Countable[]
  /** The highest place held of somebody else's entry. */
  readonly foreign: number
}

export interface LastMessage {
  readonly place: number
  readonly id: EntryId
  readonly clientId: ClientId
  readonly sender: PersonId
  readonly text: string
  readonly at: string
  readonly deleted: Deletion | null
}

export type Deletion = 'sender' | 'moderator'

/** What happened to a message after it was sent, whether this device holds the message or not: the newest edit, or the deletion. */
export interface Alteration {
  readonly conversation: ConversationId
  readonly place: number
  /** Empty once it is deleted. */
  readonly text: string
  readonly deleted: Deletion | null
}

/** Whether a message is pinned, as the entry at `place` says. */
export interface PinMark {
  readonly message: EntryId
  readonly place: number
  readonly pinned: boolean
}

/** What is pinned in a conversation: as the server said when the log reached `at`, and as the entries say that came since. */
export interface PinsRecord {
  readonly conversation: ConversationId
  /** 0 until the server has told. */
  readonly at: number
  readonly marks: readonly PinMark[]
  /** What the server said of pinned messages. */
  readonly messages: readonly Pin[]
}

/** A message on its way out. */
export interface Sending {
  readonly clientId: ClientId
  /** Grows from item to item: the order of the calls. */
  readonly order: number
  readonly target: Target
  readonly text: string
  readonly at: string
  /** Why the server refused it; it and those behind it wait for the person. */
  readonly refused: ErrorBody | null
  /** The text was changed after the server may have had the first one. */
  readonly edited: boolean
}

export interface LocalDraft {
  readonly text: string
  /** True until the server has it. */
  readonly unsent: boolean
}

/** Every small record there is, by table. Memory and store hold the same. */
export interface Tables {
  account: Account
  settings: Settings
  board: { readonly revision: number }
  conversation: ConversationRecord
  person: Person
  outbox: Sending
  draft: LocalDraft
  request: SeatRequest
  /** By the id of the message. */
  alteration: Alteration
  /** By conversation; those that were looked at. */
  pins: PinsRecord
  notice: ModerationNotice
  block: Shunned
  mute: Shunned
  /** Whose the outbox is after the server has ended the session: it goes on when the same person signs in again. */
  owner: { readonly person: PersonId }
  /** A sign-out the server has not heard of yet. */
  farewell: { readonly refreshToken: string | null }
}
export type TableName = keyof Tables

/** The id of the one record in tables that have only one. */
export const only = 'only'

export function targetKey(target: Target): string {
  return 'conversation' in target ? target.conversation : target.person
}
