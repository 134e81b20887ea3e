import type { ClientId, ConversationId, Entry, EntryId, EntryKind, PersonId, SessionId } from '@sotto/protocol'
import { AppError } from '@sotto/protocol/pure'
import type pg from 'pg'
import { isUnavailable } from '#platform/database'

/** An entry before it has a place. `body` is sealed already. */
export interface NewEntry {
  readonly id: EntryId
  readonly conversation: ConversationId
  readonly sender: PersonId
  readonly session: SessionId | null
  readonly clientId: ClientId
  readonly kind: EntryKind
  readonly target: EntryId | null
  readonly at: Date
  readonly body: Buffer
}

/** `fresh` is false where the same client id had been appended before: then place, id and time are those of the first. */
export interface Appended {
  readonly id: EntryId
  readonly place: number
  readonly at: Date
  readonly fresh: boolean
  /** The two of a thread, as far as known. */
  readonly pair: readonly [PersonId | null, PersonId | null]
}

/** Why an entry is not appended. Somebody who is not a member gets no hint that the conversation exists. */
const refusals = {
  conflict: () => new AppError('conflict', 'client id'),
  not_found: () => new AppError('not_found', 'conversation'),
  may_not_post: () => new AppError('forbidden', 'post'),
  may_not_pin: () => new AppError('forbidden', 'pin'),
  silenced: () => new AppError('forbidden', 'silenced'),
  closed: () => new AppError('forbidden', 'closed'),
  slow: () => new AppError('too_many_requests', 'slow', slowRetryMs),
}
/** How long a client waits before it tries again in slow mode, whose pause may be seconds or hours. */
const slowRetryMs = 5_000

interface Row {
  ord: number
  verdict: 'fresh' | 'earlier' | keyof typeof refusals
  id: EntryId
  conversation: ConversationId
  place: number
  at: Date
  first_person: PersonId | null
  second_person: PersonId | null
}

type Queryable = Pick<pg.Pool, 'query'>

/** Appends in the order given and returns one result each: places are taken under the conversations’ locks, which last until the commit. */
export async function appendEntries(
  connection: Queryable,
  entries: readonly NewEntry[],
): Promise<(Appended | AppError)[]> {
  const { rows } = await connection.query<Row>({
    name: 'append_entries',
    text: 'select * from append_entries($1, $2, $3, $4, $5, $6, $7, $8, $9)',
    values: [
      entries.map((entry) => entry.id),
      entries.map((entry) => entry.conversation),
      entries.map((entry) => entry.sender),
      entries.map((entry) => entry.session),
      entries.map((entry) => entry.clientId),
      entries.map((entry) => entry.kind),
      entries.map((entry) => entry.target),
      entries.map((entry) => entry.at),
      entries.map((entry) => entry.body),
    ],
  })
  return rows.map((row) => {
    if (row.verdict !== 'fresh' && row.verdict !== 'earlier') return refusals[row.verdict]()
    return {
      id: row.id,
      place: row.place,
      at: row.at,
      fresh: row.verdict === 'fresh',
      pair: [row.first_person, row.second_person],
    }
  })
}

interface Waiting {
  readonly entry: NewEntry
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

/** Rows in one statement. More gains little per row and makes the first of them wait. */
const maxBatch = 128
/** While one batch waits for the disk, the next is being judged. */
const maxInFlight = 2

/**
 * The group commit: what comes in while earlier batches are on their way shares the next transaction, so that the cost of a flush
 * is divided by everyone who waits for it, and a lone message waits for nobody. A conversation is in one batch at a time:
 * its entries are placed in the order they came in.
 */
export function appendEngine(pool: Queryable): { append(entry: NewEntry): Promise<Appended>; idle(): Promise<void> } {
  let queue: Waiting[] = []
  let inFlight = 0
  let scheduled = false
  const busy = new Set<ConversationId>()
  const idleListeners: (() => void)[] = []

  function schedule() {
    if (scheduled || inFlight >= maxInFlight || queue.length === 0) return
    scheduled = true
    // After this turn’s input: frames that arrived together travel together.
    setImmediate(() => {
      scheduled = false
      const batch = takeBatch()
      if (batch.length > 0) void run(batch)
    })
  }

  function takeBatch(): Waiting[] {
    const batch: Waiting[] = []
    const left: Waiting[] = []
    const keys = new Set<string>()
    const passed = new Set<ConversationId>()
    for (const waiting of queue) {
      const { conversation, sender, clientId } = waiting.entry
      const key = `${sender}/${clientId}`
      if (batch.length >= maxBatch || busy.has(conversation) || passed.has(conversation) || keys.has(key)) {
        left.push(waiting)
        passed.add(conversation)
      } else {
        batch.push(waiting)
        keys.add(key)
      }
    }
    queue = left
    for (const { entry } of batch) busy.add(entry.conversation)
    return batch
  }

  async function run(batch: readonly Waiting[]) {
    inFlight++
    schedule()
    try {
      settle(
        batch,
        await appendEntries(
          pool,
          batch.map((waiting) => waiting.entry),
        ),
      )
    } catch (error) {
      if (isUnavailable(error) || batch.length === 1) for (const waiting of batch) waiting.reject(error)
      // One bad entry, or a client id that another server just stored, must not fail the others.
      else for (const waiting of batch) await runAlone(waiting)
    } finally {
      for (const { entry } of batch) busy.delete(entry.conversation)
      inFlight--
      schedule()
      if (inFlight === 0 && queue.length === 0) for (const listener of idleListeners.splice(0)) listener()
    }
  }

  async function runAlone(waiting: Waiting) {
    try {
      settle([waiting], await appendEntries(pool, [waiting.entry]))
    } catch (error) {
      waiting.reject(error)
    }
  }

  function settle(batch: readonly Waiting[], results: readonly (Appended | AppError)[]) {
    batch.forEach((waiting, index) => {
      const result = results[index]
      if (result === undefined) waiting.reject(new Error('an append got no answer'))
      else if (result instanceof AppError) waiting.reject(result)
      else waiting.resolve(result)
    })
  }

  return {
    append: (entry) =>
      new Promise((resolve, reject) => {
        queue.push({ entry, resolve, reject })
        schedule()
      }),
    idle: () =>
      inFlight === 0 && queue.length === 0 ? Promise.resolve() : new Promise((resolve) => idleListeners.push(resolve)),
  }
}

/** An entry as everybody who may read it sees it. */
export function toEntry(
  entry: Pick<NewEntry, 'conversation' | 'sender' | 'clientId' | 'kind' | 'target'>,
  at: Pick<Appended, 'id' | 'place' | 'at' | 'pair'>,
  body: unknown,
): Entry {
  const [first, second] = at.pair
  const receiver = entry.sender === first ? second : entry.sender === second ? first : null
  return {
    conversation: entry.conversation,
    place: at.place,
    id: at.id,
    sender: entry.sender,
    ...(receiver && { receiver }),
    clientId: entry.clientId,
    at: at.at.toISOString(),
    kind: entry.kind,
    ...(entry.target && { target: entry.target }),
    body,
  } as Entry
}
