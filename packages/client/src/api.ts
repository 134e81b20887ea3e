import type {
  ClientId,
  CommandName,
  ConversationCard,
  ConversationId,
  Details,
  EntryId,
  ErrorBody,
  Input,
  Instance,
  MemberRole,
  ModerationNotice,
  Permission,
  Person,
  PersonId,
  Receipt,
  Reply,
  SeatRequest,
  Settings,
} from '@sotto/protocol'

/** Where a message goes: a conversation, or a person whose thread is made by the first message. */
export type Target = { readonly conversation: ConversationId } | { readonly person: PersonId }

/**
 * `no_network`: the device says that it has none. `offline` has one, and waits until `retryAt` (epoch milliseconds) before it tries
 * the server again; infinite where the server does not want this client back. `catching_up` says how many entries are still missing.
 */
export type ConnectionState =
  | { readonly phase: 'signed_out' }
  | { readonly phase: 'connecting' }
  | { readonly phase: 'no_network' }
  | { readonly phase: 'offline'; readonly retryAt: number }
  | { readonly phase: 'catching_up'; readonly missing: number }
  | { readonly phase: 'online' }

export interface Me {
  readonly person: Person
  readonly session: string
  readonly settings: Settings
  /** What my instance role permits. */
  readonly permissions: readonly Permission[]
}

/**
 * How far one of my own messages is. `waiting`: in the outbox of this device. `failed`: the server refused it, and the ones after
 * it wait until the person decides. The others are as the server or the other members said.
 */
export type MessageState = 'waiting' | 'failed' | 'sent' | 'delivered' | 'read'

/** What has a picture, and which one: a person, or a group or channel. */
export type Pictured =
  | Pick<Person, 'id' | 'picture'>
  | { readonly conversation: ConversationId; readonly picture: string | null }

/** One row of a conversation. A message has the same `key` from the moment it is typed for as long as it exists. */
export type Row =
  | {
      readonly kind: 'message'
      readonly key: ClientId
      /** What edits and deletions name it by. Null, as its place, until the server has given it one. */
      readonly id: EntryId | null
      readonly place: number | null
      readonly sender: PersonId
      /** ISO 8601: when the server took it; for a waiting one, when it was written. */
      readonly at: string
      /** As it was edited last; empty once it is deleted. */
      readonly text: string
      readonly edited: boolean
      /** By whom; null while it is not. */
      readonly deleted: 'sender' | 'moderator' | null
      /** Null for messages of others. */
      readonly state: MessageState | null
      /** How many others are known to have read one of my own; who does not share what they have read is never among them. */
      readonly readBy: number
      readonly error: ErrorBody | null
    }
  | (Event & { readonly kind: 'created' })
  /** `supervisor`: it is about somebody who reads a thread of two others along. */
  | (Event & { readonly kind: 'joined' | 'left'; readonly supervisor: boolean })
  | (Event & { readonly kind: 'role'; readonly role: MemberRole })
  | (Event & { readonly kind: 'silenced'; readonly until: string | null })
  /** A message was pinned, or is no longer. */
  | (Event & { readonly kind: 'pinned'; readonly pinned: boolean })
  /** `fields` of the details are not as before. */
  | (Event & { readonly kind: 'changed'; readonly details: Details; readonly fields: readonly (keyof Details)[] })

/** Something that happened to a conversation: who did it, and whom it is about. */
interface Event {
  readonly key: string
  readonly place: number
  readonly at: string
  readonly by: PersonId
  readonly person: PersonId
}

/** What a conversation is, as far as this device knows. */
interface About {
  /** Null while the conversation is not known; those of its kind until the server has told its own. */
  readonly details: Details | null
  /** How many there are; 0 until told. */
  readonly members: number
  /** Whether one of my role may write. Whoever is silenced may not until then. */
  readonly mayPost: boolean
  readonly mayPin: boolean
  /** ISO 8601; may have passed. */
  readonly silencedUntil: string | null
}

export interface ConversationItem extends About {
  readonly card: ConversationCard
  /** The other person of a thread, once known. */
  readonly other: Person | null
  /** The two whose thread I read along, once known; nobody in any other conversation. */
  readonly pair: readonly Person[]
  readonly last: {
    readonly text: string
    readonly sender: PersonId
    /** Whoever wrote it, where it was not me and there is more than one other; null also while unknown. */
    readonly by: Person | null
    readonly at: string
    readonly deleted: 'sender' | 'moderator' | null
    readonly state: MessageState | null
  } | null
  /** Orders the list: ISO 8601. */
  readonly at: string
  /** At most 99; `exact` is false where there may be more. */
  readonly unread: { readonly count: number; readonly exact: boolean }
  readonly draft: string | null
  readonly typing: readonly PersonId[]
  /** A message in it was refused and waits for the person. */
  readonly failed: boolean
}

/** Which part of a conversation to show: `before` rows up to the anchor and `after` behind it. */
export interface Window {
  readonly anchor: number | 'end'
  readonly before: number
  readonly after: number
}

export interface ConversationWindow extends About {
  /**
   * Whether the target is one of my conversations; null while that cannot be told. False also for a conversation of others: to a
   * stranger it looks like one that does not exist.
   */
  readonly found: boolean | null
  readonly card: ConversationCard | null
  readonly other: Person | null
  readonly pair: readonly Person[]
  /** In the order of their places; waiting ones last. Never with a hole: where the log is not held yet, the window ends. */
  readonly rows: readonly Row[]
  /** True when nothing comes before the first row, or after the last. */
  readonly atStart: boolean
  readonly atEnd: boolean
  /** True while rows before or after these are being fetched, or it is being asked whether there are any. */
  readonly loading: boolean
  readonly head: number
  /** My read place. */
  readonly read: number
  /**
   * Place of the first message I have not read, or null. Where the log is not held that far back, or more than 99 are unread, the
   * place after the last read one.
   */
  readonly firstUnread: number | null
  readonly unread: { readonly count: number; readonly exact: boolean }
  readonly receipts: readonly Receipt[]
  readonly typing: readonly PersonId[]
  readonly draft: string | null
}

/** A pinned message as it is now. */
export interface Pin {
  readonly message: EntryId
  readonly place: number
  readonly sender: PersonId
  readonly at: string
  readonly text: string
}

/** What can be watched, by name: what is asked and what comes. */
export interface Watches {
  readonly connection: { ask: Record<never, never>; get: ConnectionState }
  readonly me: { ask: Record<never, never>; get: Me | null }
  /** Null until the server has been asked. */
  readonly instance: { ask: Record<never, never>; get: Instance | null }
  /** Newest first. */
  readonly conversations: { ask: { readonly archived: boolean }; get: readonly ConversationItem[] }
  readonly conversation: { ask: { readonly target: Target; readonly window: Window }; get: ConversationWindow }
  /** The pinned messages of one of my conversations, the one that was pinned last first; none until the server has told. */
  readonly pins: { ask: { readonly conversation: ConversationId }; get: readonly Pin[] }
  /** Presence is only followed while somebody watches. */
  readonly people: {
    ask: { readonly people: readonly PersonId[]; readonly presence: boolean }
    get: ReadonlyMap<PersonId, { readonly person: Person; readonly presence: 'online' | 'away' | 'offline' | null }>
  }
  readonly requests: { ask: Record<never, never>; get: readonly SeatRequest[] }
  /** What moderators have decided that concerns me, newest first. `notices.dismiss` takes one away. */
  readonly notices: { ask: Record<never, never>; get: readonly ModerationNotice[] }
  /** Whom I have blocked, and whom I have muted. */
  readonly blocks: { ask: Record<never, never>; get: readonly PersonId[] }
  readonly mutes: { ask: Record<never, never>; get: readonly PersonId[] }
  /** Messages that wait on this device, in all conversations. */
  readonly outbox: { ask: Record<never, never>; get: { readonly waiting: number; readonly failed: number } }
}
export type WatchName = keyof Watches

export interface SignUp {
  readonly name: string
  readonly displayName: string
  readonly password: string
  readonly invitation?: string
}

export interface SetUp extends SignUp {
  readonly setup: string
  readonly instance: string
}

/**
 * Everything a program or a screen does with Sotto. One object per signed-in device; it owns all data that comes from the server.
 * Refusals reject with `AppError`.
 */
export interface Client {
  /** As the server says now. */
  instance(): Promise<Instance>
  signIn(credentials: { readonly name: string; readonly password: string }): Promise<Me>
  signUp(input: SignUp): Promise<Me>
  setUp(input: SetUp): Promise<Me>
  /** Takes up the stored session. Resolves with null where there is none; needs no network where it was used before. */
  resume(): Promise<Me | null>
  /** Ends the session and forgets everything on this device, waiting messages included. */
  signOut(): Promise<void>

  /** Calls `listener` at once with what is known and again after every change, until the returned function is called. */
  watch<Name extends WatchName>(
    name: Name,
    ask: Watches[Name]['ask'],
    listener: (value: Watches[Name]['get']) => void,
  ): () => void

  /**
   * Puts a message into the outbox. Resolves once it is stored on this device: from then on it survives a restart and is sent
   * exactly once, in the order of the calls per conversation. A draft of the same text goes with it.
   */
  send(target: Target, text: string): Promise<ClientId>
  /** A failed message: try again (optionally with another text), or take it out of the outbox. */
  retry(message: ClientId, text?: string): Promise<void>
  discard(message: ClientId): Promise<void>

  /** Says that everything up to `place` was seen. Sent when there is a connection; never moves backwards. */
  markRead(conversation: ConversationId, place: number): Promise<void>
  setTyping(conversation: ConversationId, active: boolean): void
  /** Kept on this device at once and on the server a moment later. */
  setDraft(target: Target, text: string): Promise<void>
  setPresence(state: 'online' | 'away'): void

  /** One command, now. Rejects with `unavailable` without a connection; while the first one is being made, waits for it. */
  call<Name extends CommandName>(name: Name, input: Input<Name>): Promise<Reply<Name>>
  setPicture(picture: Blob): Promise<Person>
  /** For a group or channel, by those who may change it. */
  setConversationPicture(conversation: ConversationId, picture: Blob): Promise<Details>
  /** A picture, fetched once and kept; null where there is none. */
  picture(of: Pictured): Promise<Blob | null>

  /** Stops everything; what is stored stays. */
  close(): Promise<void>
}
