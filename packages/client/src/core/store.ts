import type { ConversationId, Entry, EntryId, PersonId } from '@sotto/protocol'

/** A picture of a person or conversation as it was fetched; `version` is what it was named by. */
export interface StoredPicture {
  readonly of: PersonId | ConversationId
  readonly version: string
  readonly type: string
  readonly bytes: ArrayBuffer
}

/** What one transaction does, in the order of the fields. */
export interface Change {
  /** Everything stored goes first; only the generation stays. */
  readonly clear?: boolean
  /** Conversations whose entries and picture go. */
  readonly forget?: readonly ConversationId[]
  /** Messages whose text goes, with that of their edits. Before `entries`. */
  readonly wipe?: ReadonlyMap<ConversationId, ReadonlySet<EntryId>>
  readonly put?: readonly (readonly [key: string, value: unknown])[]
  readonly remove?: readonly string[]
  readonly entries?: readonly Entry[]
  readonly pictures?: readonly StoredPicture[]
  /** Wait until the disk has it, not only the operating system. */
  readonly durable?: boolean
}

/**
 * What a device keeps. Small records are all in memory while the store is open; entries are read by range.
 *
 * There is one writer: `open` takes the pen, and from then on a `write` through an earlier handle on the same data fails with
 * `PenTaken`. The check is part of every write transaction, so a writer that was frozen cannot commit after it lost the pen.
 */
export interface Store {
  /** Takes the pen and reads all records. */
  open(): Promise<ReadonlyMap<string, unknown>>
  /** Commits all of the change or nothing. */
  write(change: Change): Promise<void>
  /** The stored entries between two places (both included), by place. */
  entries(conversation: ConversationId, from: number, to: number): Promise<readonly Entry[]>
  picture(of: PersonId | ConversationId): Promise<StoredPicture | null>
  close(): Promise<void>
}

/** The entry, or where it is one of these messages or an edit of one, what is left of it. */
export function withoutText(entry: Entry, wiped: ReadonlySet<EntryId> | undefined): Entry {
  if (entry.kind !== 'message' && entry.kind !== 'edited') return entry
  const message = entry.kind === 'message' ? entry.id : entry.target
  return wiped?.has(message) && entry.body.text !== '' ? { ...entry, body: { text: '' } } : entry
}

/** Somebody else has opened the store since: this handle can no longer write. */
export class PenTaken extends Error {
  constructor() {
    super('another writer has opened this store')
    this.name = 'PenTaken'
  }
}

/** Stored data of an older version is dropped and comes from the server again, except what only this device has. */
export const storeVersion = 3

const ownTables = ['account', 'owner', 'farewell', 'outbox', 'draft']

/** Whether a record stays when the version changes: who is signed in, what waits to be sent, what is being written. */
export function outlivesVersion(key: string): boolean {
  return ownTables.some((table) => key.startsWith(`${table}/`))
}
