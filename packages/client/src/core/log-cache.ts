import type { ConversationId, Entry, EntryId } from '@sotto/protocol'
import { type Store, withoutText } from './store.ts'

/** Conversations whose newest entries stay in memory after nobody looks at them, so that going back to one is instant. */
const maxKept = 30
const tailLength = 60
/** Entries in memory of one conversation before those far from every window go. */
const maxEntries = 2_000

type Log = Map<number, Entry | null>

/** The entries in memory: those being looked at and a little more. The store has the rest. */
export class LogCache {
  private readonly store: Store
  /** Entries that were missing are there now. */
  private readonly loaded: (conversation: ConversationId) => void
  /** Least recently used first. */
  private readonly logs = new Map<ConversationId, Log>()
  private readonly watched = new Map<ConversationId, number>()
  private readonly reading = new Set<string>()
  private era = 0

  constructor(store: Store, loaded: (conversation: ConversationId) => void) {
    this.store = store
    this.loaded = loaded
  }

  /** Undefined: has to be read first. Null: the store does not have it. */
  at(conversation: ConversationId, place: number): Entry | null | undefined {
    return this.logs.get(conversation)?.get(place)
  }

  /** Entries that were just stored, as far as their conversation is looked at or in memory anyway. */
  add(entries: readonly Entry[]) {
    for (const entry of entries) {
      const { conversation } = entry
      const log = this.logs.get(conversation) ?? (this.watched.has(conversation) ? this.open(conversation) : null)
      log?.set(entry.place, entry)
    }
  }

  /** Lets go of what messages said that were deleted. */
  wipe(conversation: ConversationId, messages: ReadonlySet<EntryId>) {
    // What is being read now may have been read before.
    this.era++
    this.reading.clear()
    const log = this.logs.get(conversation)
    for (const [place, entry] of log ?? []) if (entry) log?.set(place, withoutText(entry, messages))
  }

  /** Reads what is not in memory of a range that the store holds. */
  read(conversation: ConversationId, from: number, to: number) {
    const log = this.open(conversation)
    let first = from
    while (first <= to && log.has(first)) first++
    let last = to
    while (last >= first && log.has(last)) last--
    const key = `${conversation} ${first} ${last}`
    if (first > last || this.reading.has(key)) return
    this.reading.add(key)
    const { era } = this
    this.store
      .entries(conversation, first, last)
      .then((entries) => {
        if (era !== this.era) return
        for (const entry of entries) log.set(entry.place, entry)
        for (let place = first; place <= last; place++) if (!log.has(place)) log.set(place, null)
        this.reading.delete(key)
        this.loaded(conversation)
      })
      .catch(() => this.reading.delete(key))
  }

  watch(conversation: ConversationId) {
    this.watched.set(conversation, (this.watched.get(conversation) ?? 0) + 1)
  }

  unwatch(conversation: ConversationId) {
    const count = (this.watched.get(conversation) ?? 1) - 1
    if (count > 0) this.watched.set(conversation, count)
    else {
      this.watched.delete(conversation)
      this.trim(conversation, tailLength, [])
    }
  }

  /** Lets go of what is far from the windows when there is much. */
  trimAround(conversation: ConversationId, windows: readonly { readonly from: number; readonly to: number }[]) {
    if ((this.logs.get(conversation)?.size ?? 0) > maxEntries) this.trim(conversation, maxEntries / 4, windows)
  }

  forget(conversation: ConversationId) {
    this.logs.delete(conversation)
  }

  clear() {
    this.era++
    this.logs.clear()
    this.reading.clear()
  }

  private trim(
    conversation: ConversationId,
    margin: number,
    windows: readonly { readonly from: number; readonly to: number }[],
  ) {
    const log = this.logs.get(conversation)
    if (!log) return
    let top = 0
    for (const place of log.keys()) top = Math.max(top, place)
    for (const place of log.keys()) {
      const near =
        place > top - margin || windows.some(({ from, to }) => place >= from - margin && place <= to + margin)
      if (!near) log.delete(place)
    }
  }

  private open(conversation: ConversationId): Log {
    const log = this.logs.get(conversation) ?? new Map<number, Entry | null>()
    this.logs.delete(conversation)
    this.logs.set(conversation, log)
    for (const id of this.logs.keys()) {
      if (this.logs.size - this.watched.size <= maxKept) break
      if (!this.watched.has(id) && id !== conversation) this.logs.delete(id)
    }
    return log
  }
}
