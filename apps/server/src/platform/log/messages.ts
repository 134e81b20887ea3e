import type { ClientId, ConversationId, EntryId, EntryKind, PersonId } from '@sotto/protocol'
import type { Tx } from '#platform/database'
import type { Sealing } from '#platform/sealing'
import type { Tables } from './tables.ts'

/** A message as it stands, and where. */
export interface StoredMessage {
  readonly id: EntryId
  readonly place: number
  readonly sender: PersonId
  readonly at: Date
  /** What it says now; empty once it is deleted. */
  readonly text: string
  readonly deleted: 'sender' | 'moderator' | null
}

/** An entry as it was appended with a client id. */
export interface EarlierEntry {
  readonly id: EntryId
  readonly place: number
  readonly at: Date
  readonly conversation: ConversationId
  readonly kind: EntryKind
  readonly target: EntryId | null
}

/** Messages one at a time, for those who change them. Under the conversation’s lock. */
export interface Messages {
  findMessage(tx: Tx, conversation: ConversationId, message: EntryId): Promise<StoredMessage | undefined>
  /** What a retry is to be told. */
  findAppended(tx: Tx, sender: PersonId, clientId: ClientId): Promise<EarlierEntry | undefined>
  isPinned(tx: Tx, conversation: ConversationId, message: EntryId): Promise<boolean>
  /** Pins a message by the entry at a place, or takes it from the pinned ones with null; resolves with how many there are then. */
  setPin(tx: Tx, conversation: ConversationId, message: EntryId, place: number | null): Promise<number>
  /** Takes away for good what a message and its edits say. It is not pinned any more. */
  wipe(tx: Tx, conversation: ConversationId, message: EntryId): Promise<void>
}

export function openMessages(sealing: Sealing): Messages {
  /** The message and what was appended about it, by place. Each half has an index of its own. */
  function rowsOf(tx: Tx, conversation: ConversationId, message: EntryId) {
    const columns = ['id', 'place', 'sender', 'kind', 'at', 'body'] as const
    const entries = tx
      .withTables<Tables>()
      .selectFrom('entries')
      .select(columns)
      .where('conversation', '=', conversation)
    return entries
      .where('id', '=', message)
      .unionAll(entries.where('target', '=', message))
      .orderBy('place')
      .execute()
  }

  return {
    async findMessage(tx, conversation, message) {
      const rows = await rowsOf(tx, conversation, message)
      const [first] = rows
      if (first?.id !== message || first.kind !== 'message') return undefined
      const { id, place, sender, at } = first
      const open = async (row: (typeof rows)[number]) =>
        JSON.parse((await sealing.open(conversation, row.id, row.body)).toString('utf8'))
      const deletion = rows.find((row) => row.kind === 'deleted')
      if (deletion) return { id, place, sender, at, text: '', deleted: (await open(deletion)).by }
      const { text } = await open(rows.findLast((row) => row.kind === 'edited') ?? first)
      return { id, place, sender, at, text, deleted: null }
    },

    findAppended(tx, sender, clientId) {
      return tx
        .withTables<Tables>()
        .selectFrom('entries')
        .select(['id', 'place', 'at', 'conversation', 'kind', 'target'])
        .where('sender', '=', sender)
        .where('client_id', '=', clientId)
        .executeTakeFirst()
    },

    async isPinned(tx, conversation, message) {
      const row = await tx
        .withTables<Tables>()
        .selectFrom('pins')
        .select('place')
        .where('conversation', '=', conversation)
        .where('message', '=', message)
        .executeTakeFirst()
      return row !== undefined
    },

    async setPin(tx, conversation, message, place) {
      await unpin(tx, conversation, message)
      const pins = tx.withTables<Tables>()
      if (place !== null) await pins.insertInto('pins').values({ conversation, message, place }).execute()
      const { count } = await pins
        .selectFrom('pins')
        .select((columns) => columns.fn.countAll<number>().as('count'))
        .where('conversation', '=', conversation)
        .executeTakeFirstOrThrow()
      return count
    },

    async wipe(tx, conversation, message) {
      await unpin(tx, conversation, message)
      for (const { id, place, kind } of await rowsOf(tx, conversation, message)) {
        if (kind !== 'message' && kind !== 'edited') continue
        const body = await sealing.seal(conversation, id, Buffer.from(JSON.stringify({ text: '' })))
        await tx
          .withTables<Tables>()
          .updateTable('entries')
          .set({ body })
          .where('conversation', '=', conversation)
          .where('place', '=', place)
          .execute()
      }
    },
  }
}

async function unpin(tx: Tx, conversation: ConversationId, message: EntryId): Promise<void> {
  await tx
    .withTables<Tables>()
    .deleteFrom('pins')
    .where('conversation', '=', conversation)
    .where('message', '=', message)
    .execute()
}
