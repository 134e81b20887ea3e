import type { ConversationId, Entry, PersonId } from '@sotto/protocol'
import { type DBSchema, deleteDB, type IDBPDatabase, type IDBPObjectStore, type IDBPTransaction, openDB } from 'idb'
import {
  type Change,
  outlivesVersion,
  PenTaken,
  type Store,
  type StoredPicture,
  storeVersion,
  withoutText,
} from '#client/core/store.ts'

interface Schema extends DBSchema {
  /** `generation` and the records, by key. */
  records: { key: string; value: unknown }
  /** Entries of a conversation, as many as fit between two multiples of `blockLength`, by place. */
  blocks: { key: [ConversationId, number]; value: readonly Entry[] }
  pictures: { key: PersonId | ConversationId; value: StoredPicture }
}

type Upgrading = IDBPTransaction<Schema, ('records' | 'blocks' | 'pictures')[], 'versionchange'>

type Writing = IDBPTransaction<Schema, ('records' | 'blocks' | 'pictures')[], 'readwrite'>

type Blocks = IDBPObjectStore<Schema, ('records' | 'blocks' | 'pictures')[], 'blocks', 'readwrite'>

/**
 * Entries are stored many to a row: the time of a transaction goes with the number of rows, and ten thousand entries in rows of
 * their own take longer than everything else about them.
 */
const blockLength = 32
const tables = ['records', 'blocks', 'pictures'] as const
/** No record has this key: theirs contain a slash. */
const generationKey = 'generation'

/** Keeps everything in an IndexedDB database of this name. */
export function createIndexedDbStore(name: string): Store {
  let database: IDBPDatabase<Schema> | null = null
  let generation = 0

  function opened(): IDBPDatabase<Schema> {
    if (!database) throw new Error('the store is not open')
    return database
  }

  async function connect(): Promise<IDBPDatabase<Schema>> {
    try {
      return await openDB<Schema>(name, storeVersion, { upgrade: create, blocking: letGo, terminated: letGo })
    } catch (error) {
      // Written by a newer version that was taken back since. The server has everything but what waits in the outbox.
      if (!(error instanceof DOMException) || error.name !== 'VersionError') throw error
      await deleteDB(name)
      return openDB<Schema>(name, storeVersion, { upgrade: create, blocking: letGo, terminated: letGo })
    }
  }

  // A newer version in another tab wants to change the tables and waits for this one, or the browser has taken the data away.
  function letGo() {
    database?.close()
    database = null
  }

  return {
    async open() {
      database ??= await connect()
      const transaction = opened().transaction('records', 'readwrite')
      const [keys, values] = await Promise.all([transaction.store.getAllKeys(), transaction.store.getAll()])
      const records = new Map(keys.map((key, index) => [key, values[index]]))
      generation = Number(records.get(generationKey) ?? 0) + 1
      await transaction.store.put(generation, generationKey)
      await transaction.done
      records.delete(generationKey)
      return records
    },

    async write(change) {
      if (!database) throw new PenTaken()
      const durability = change.durable ? 'strict' : 'relaxed'
      const transaction = database.transaction([...tables], 'readwrite', { durability })
      try {
        // Inside the transaction: whoever takes the pen after this read waits until the transaction is over.
        if ((await transaction.objectStore('records').get(generationKey)) !== generation) throw new PenTaken()
        await wipe(transaction.objectStore('blocks'), change)
        await Promise.all(apply(transaction, change, generation))
      } catch (error) {
        abort(transaction)
        throw error
      }
      await transaction.done
    },

    async entries(conversation, from, to) {
      const range = IDBKeyRange.bound([conversation, blockOf(from)], [conversation, blockOf(to)])
      const blocks = await opened().getAll('blocks', range)
      return blocks.flat().filter((entry) => entry.place >= from && entry.place <= to)
    },

    async picture(of) {
      return (await opened().get('pictures', of)) ?? null
    },

    async close() {
      database?.close()
      database = null
    },
  }
}

async function create(database: IDBPDatabase<Schema>, _from: number, _to: number | null, upgrading: Upgrading) {
  const kept: [string, unknown][] = []
  if (database.objectStoreNames.contains('records')) {
    const records = upgrading.objectStore('records')
    for (const key of await records.getAllKeys()) if (outlivesVersion(key)) kept.push([key, await records.get(key)])
  }
  for (const table of [...database.objectStoreNames]) database.deleteObjectStore(table)
  for (const table of tables) database.createObjectStore(table)
  for (const [key, value] of kept) await upgrading.objectStore('records').put(value, key)
}

function apply(transaction: Writing, change: Change, generation: number): Promise<unknown>[] {
  const records = transaction.objectStore('records')
  const blocks = transaction.objectStore('blocks')
  const pictures = transaction.objectStore('pictures')
  const work: Promise<unknown>[] = []
  if (change.clear) work.push(records.clear(), blocks.clear(), pictures.clear(), records.put(generation, generationKey))
  for (const conversation of change.forget ?? [])
    work.push(blocks.delete(IDBKeyRange.bound([conversation], [conversation, []])), pictures.delete(conversation))
  for (const [key, value] of change.put ?? []) work.push(records.put(value, key))
  for (const key of change.remove ?? []) work.push(records.delete(key))
  for (const picture of change.pictures ?? []) work.push(pictures.put(picture, picture.of))
  for (const { key, entries } of blocksOf(change.entries ?? [])) work.push(addToBlock(blocks, key, entries))
  return work
}

/** Before anything is added: an entry and the wiping of another may be about the same row. */
async function wipe(blocks: Blocks, { wipe: wiped = new Map() }: Change) {
  for (const [conversation, messages] of wiped) {
    const rows = IDBKeyRange.bound([conversation], [conversation, []])
    for (let cursor = await blocks.openCursor(rows); cursor; cursor = await cursor.continue()) {
      const left = cursor.value.map((entry) => withoutText(entry, messages))
      if (left.some((entry, index) => entry !== cursor?.value[index])) await cursor.update(left)
    }
  }
}

async function addToBlock(blocks: Blocks, key: [ConversationId, number], added: readonly Entry[]) {
  const byPlace = new Map<number, Entry>()
  if (added.length < blockLength) for (const entry of (await blocks.get(key)) ?? []) byPlace.set(entry.place, entry)
  for (const entry of added) byPlace.set(entry.place, entry)
  await blocks.put(
    [...byPlace.values()].sort((a, b) => a.place - b.place),
    key,
  )
}

function blocksOf(entries: readonly Entry[]) {
  const found = new Map<string, { readonly key: [ConversationId, number]; readonly entries: Entry[] }>()
  for (const entry of entries) {
    const number = blockOf(entry.place)
    const name = `${entry.conversation} ${number}`
    const block = found.get(name)
    if (block) block.entries.push(entry)
    else found.set(name, { key: [entry.conversation, number], entries: [entry] })
  }
  return found.values()
}

function blockOf(place: number): number {
  return Math.floor(place / blockLength)
}

function abort(transaction: Writing) {
  // What was asked of it fails with it, and nobody waits for that any more.
  transaction.done.catch(() => {})
  try {
    transaction.abort()
  } catch {
    // It had failed by itself.
  }
}
