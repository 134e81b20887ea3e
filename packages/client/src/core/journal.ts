import type { ConversationId, Entry, EntryId } from '@sotto/protocol'
import { AppError } from '@sotto/protocol/pure'
import { only, type TableName, type Tables } from './records.ts'
import { type Change, PenTaken, type Store, type StoredPicture, withoutText } from './store.ts'

/** Reads records, committed or as a batch would leave them. */
export interface Reader {
  get<T extends TableName>(table: T, id: string): Tables[T] | undefined
  all<T extends TableName>(table: T): Iterable<Tables[T]>
  ids(table: TableName): Iterable<string>
}

type Rows = { [T in TableName]: Map<string, Tables[T]> }

function noRows(): Rows {
  return {
    account: new Map(),
    settings: new Map(),
    board: new Map(),
    conversation: new Map(),
    person: new Map(),
    outbox: new Map(),
    draft: new Map(),
    request: new Map(),
    alteration: new Map(),
    pins: new Map(),
    notice: new Map(),
    block: new Map(),
    mute: new Map(),
    owner: new Map(),
    farewell: new Map(),
  }
}

/** The records as committed. */
export class State implements Reader {
  private rows: Rows = noRows()

  load(records: ReadonlyMap<string, unknown>) {
    this.rows = noRows()
    for (const [key, value] of records) {
      const slash = key.indexOf('/')
      const table = this.rows[key.slice(0, slash) as TableName] as Map<string, unknown> | undefined
      table?.set(key.slice(slash + 1), value)
    }
  }

  get<T extends TableName>(table: T, id: string): Tables[T] | undefined {
    return this.rows[table].get(id)
  }

  all<T extends TableName>(table: T): Iterable<Tables[T]> {
    return this.rows[table].values()
  }

  entriesOf<T extends TableName>(table: T): ReadonlyMap<string, Tables[T]> {
    return this.rows[table]
  }

  ids(table: TableName): Iterable<string> {
    return this.rows[table].keys()
  }

  take(batch: Batch) {
    if (batch.cleared) this.rows = noRows()
    for (const { table, id, value } of batch.changes()) {
      const rows = this.rows[table] as Map<string, unknown>
      if (value === undefined) rows.delete(id)
      else rows.set(id, value)
    }
  }
}

interface RecordChange {
  readonly table: TableName
  readonly id: string
  /** Undefined removes. */
  readonly value: unknown
}

/** Changes that commit together. Reads see what the batch has written so far. */
export class Batch implements Reader {
  cleared = false
  readonly entries: Entry[] = []
  readonly forgotten: ConversationId[] = []
  /** Messages whose text goes, by conversation. */
  readonly wiped = new Map<ConversationId, Set<EntryId>>()
  readonly pictures: StoredPicture[] = []
  private readonly overlay = new Map<string, RecordChange>()
  private readonly base: Reader

  constructor(base: Reader) {
    this.base = base
  }

  get<T extends TableName>(table: T, id: string): Tables[T] | undefined {
    const change = this.overlay.get(`${table}/${id}`)
    if (change) return change.value as Tables[T] | undefined
    return this.cleared ? undefined : this.base.get(table, id)
  }

  *all<T extends TableName>(table: T): Iterable<Tables[T]> {
    const mine = [...this.overlay.values()].filter((change) => change.table === table)
    if (!this.cleared) {
      const shadowed = new Set(mine.map((change) => this.base.get(table, change.id)))
      for (const value of this.base.all(table)) if (!shadowed.has(value)) yield value
    }
    for (const change of mine) if (change.value !== undefined) yield change.value as Tables[T]
  }

  /** As the batch would leave them. */
  *entriesOf<T extends TableName>(table: T): Iterable<readonly [string, Tables[T]]> {
    const ids = new Set([...this.base.ids(table), ...this.touched(table)])
    for (const id of ids) {
      const value = this.get(table, id)
      if (value !== undefined) yield [id, value]
    }
  }

  ids(table: TableName): Iterable<string> {
    return [...this.entriesOf(table)].map(([id]) => id)
  }

  put<T extends TableName>(table: T, id: string, value: Tables[T]) {
    if (this.get(table, id) !== value) this.overlay.set(`${table}/${id}`, { table, id, value })
  }

  remove(table: TableName, id: string) {
    if (this.get(table, id) !== undefined) this.overlay.set(`${table}/${id}`, { table, id, value: undefined })
  }

  /** Forgets everything but what the batch writes after this. */
  clear() {
    this.cleared = true
    this.overlay.clear()
    this.entries.length = 0
    this.forgotten.length = 0
    this.wiped.clear()
    this.pictures.length = 0
  }

  wipe(conversation: ConversationId, message: EntryId) {
    const wiped = this.wiped.get(conversation)
    if (wiped) wiped.add(message)
    else this.wiped.set(conversation, new Set([message]))
  }

  changes(): Iterable<RecordChange> {
    return this.overlay.values()
  }

  /** The ids of a table that this batch writes or removes. */
  touched(table: TableName): string[] {
    const ids: string[] = []
    for (const change of this.overlay.values()) if (change.table === table) ids.push(change.id)
    return ids
  }

  touches(table: TableName, id: string): boolean {
    return this.cleared || this.overlay.has(`${table}/${id}`)
  }

  isEmpty(): boolean {
    return (
      !this.cleared &&
      !this.overlay.size &&
      !this.entries.length &&
      !this.forgotten.length &&
      !this.wiped.size &&
      !this.pictures.length
    )
  }

  mergeInto(outer: Batch) {
    if (this.cleared) outer.clear()
    for (const [key, change] of this.overlay) outer.overlay.set(key, change)
    // Not by spreading into push: a batch can hold more entries than a call takes arguments.
    for (const entry of this.entries) outer.entries.push(entry)
    for (const conversation of this.forgotten) outer.forgotten.push(conversation)
    for (const [conversation, messages] of this.wiped) for (const message of messages) outer.wipe(conversation, message)
    // What came in the same breath as its deletion was not to be stored.
    if (this.wiped.size > 0)
      outer.entries.forEach((entry, index) => {
        outer.entries[index] = withoutText(entry, this.wiped.get(entry.conversation))
      })
    for (const picture of this.pictures) outer.pictures.push(picture)
  }

  toChange(): Change {
    const put: [string, unknown][] = []
    const remove: string[] = []
    let durable = false
    for (const [key, change] of this.overlay) {
      if (change.value === undefined) remove.push(key)
      else put.push([key, change.value])
      // What nobody else has a copy of: a message not sent yet, and the only refresh token that is still good.
      if (change.value !== undefined && (change.table === 'outbox' || change.table === 'account')) durable = true
    }
    return {
      clear: this.cleared,
      forget: this.forgotten,
      wipe: this.wiped,
      put,
      remove,
      entries: this.entries,
      pictures: this.pictures,
      durable,
    }
  }
}

/** Where changes are asked for. */
export interface Changes {
  readonly state: State
  change<Result>(work: (batch: Batch) => Result): Promise<Result>
}

interface Work {
  run(batch: Batch): void
  done(): void
  failed(error: unknown): void
}

/**
 * The one way to change anything: works run one after the other, each sees what the ones before it did, and whatever has
 * gathered while a transaction was on its way commits together in the next. Memory changes after the commit, observers hear after
 * that, and only then does the caller.
 */
export class Journal implements Changes {
  readonly state: State
  private readonly store: Store
  private readonly committed: (batch: Batch) => void
  private readonly penTaken: () => void
  private queue: Work[] = []
  private running: Promise<void> | null = null
  private closed = false

  constructor(state: State, store: Store, committed: (batch: Batch) => void, penTaken: () => void) {
    this.state = state
    this.store = store
    this.committed = committed
    this.penTaken = penTaken
  }

  /**
   * Resolves after the commit with what the work returned. When the work throws, none of its changes is made and the others are
   * not affected. Rejects with `unavailable` when the store does not take the transaction, for example because the disk is full.
   */
  change<Result>(work: (batch: Batch) => Result): Promise<Result> {
    if (this.closed) return Promise.reject(new PenTaken())
    return new Promise((resolve, reject) => {
      let result!: Result
      this.queue.push({
        run(batch) {
          result = work(batch)
        },
        done: () => resolve(result),
        failed: reject,
      })
      this.running ??= this.drain()
    })
  }

  /** Waits for what has been asked so far; later changes are refused. */
  async close() {
    this.closed = true
    await this.running
  }

  private async drain() {
    // One turn of patience, so that changes asked for in the same breath share a transaction.
    await Promise.resolve()
    while (this.queue.length > 0) {
      const works = this.queue
      this.queue = []
      await this.commit(works)
    }
    this.running = null
  }

  private async commit(works: Work[]) {
    const batch = new Batch(this.state)
    const ran: Work[] = []
    for (const work of works) {
      const own = new Batch(batch)
      try {
        work.run(own)
        own.mergeInto(batch)
        ran.push(work)
      } catch (error) {
        work.failed(error)
      }
    }
    try {
      if (!batch.isEmpty()) await this.store.write(batch.toChange())
    } catch (error) {
      const lost = error instanceof PenTaken
      for (const work of ran) work.failed(lost ? error : new AppError('unavailable', 'storage'))
      if (lost) {
        this.closed = true
        this.penTaken()
      }
      return
    }
    if (!batch.isEmpty()) {
      this.state.take(batch)
      this.committed(batch)
    }
    for (const work of ran) work.done()
  }
}

/** Changes that only count while the same session goes on: what comes too late must not fill a store that was just emptied. */
export function duringSession(journal: Journal): Changes {
  const { state } = journal
  const session = (reader: Reader) => reader.get('account', only)?.session
  return {
    state,
    change(work) {
      const asked = session(state)
      return journal.change((batch) => {
        if (asked === undefined || session(batch) !== asked) throw new AppError('unauthenticated')
        return work(batch)
      })
    },
  }
}
