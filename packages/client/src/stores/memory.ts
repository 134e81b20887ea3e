import type { ConversationId, Entry, PersonId } from '@sotto/protocol'
import { type Change, PenTaken, type Store, type StoredPicture, withoutText } from '#client/core/store.ts'

/** What several memory stores share: stands for the disk, so that a test can "restart" on the same data. */
export class MemoryDisk {
  generation = 0
  records = new Map<string, unknown>()
  entries = new Map<ConversationId, Map<number, Entry>>()
  pictures = new Map<PersonId | ConversationId, StoredPicture>()
}

/** Keeps everything in memory: for programs that start fresh each time, and for browsers that let nothing be stored. */
export function createMemoryStore(disk: MemoryDisk = new MemoryDisk()): Store {
  let generation = 0

  function apply(change: Change) {
    if (change.clear) {
      disk.records.clear()
      disk.entries.clear()
      disk.pictures.clear()
    }
    for (const conversation of change.forget ?? []) {
      disk.entries.delete(conversation)
      disk.pictures.delete(conversation)
    }
    for (const [conversation, messages] of change.wipe ?? []) {
      const log = disk.entries.get(conversation)
      for (const [place, entry] of log ?? []) log?.set(place, withoutText(entry, messages))
    }
    for (const [key, value] of change.put ?? []) disk.records.set(key, value)
    for (const key of change.remove ?? []) disk.records.delete(key)
    for (const entry of change.entries ?? []) {
      const log = disk.entries.get(entry.conversation) ?? new Map<number, Entry>()
      disk.entries.set(entry.conversation, log.set(entry.place, entry))
    }
    for (const picture of change.pictures ?? []) disk.pictures.set(picture.of, picture)
  }

  return {
    async open() {
      generation = ++disk.generation
      return new Map(disk.records)
    },
    async write(change) {
      if (generation !== disk.generation) throw new PenTaken()
      apply(change)
    },
    async entries(conversation, from, to) {
      const log = disk.entries.get(conversation)
      const found: Entry[] = []
      if (log) {
        for (let place = from; place <= to; place++) {
          const entry = log.get(place)
          if (entry) found.push(entry)
        }
      }
      return found
    },
    async picture(of) {
      return disk.pictures.get(of) ?? null
    },
    async close() {},
  }
}
