import { type ConversationId, dayOf, type PersonId, saysSupervision } from '@sotto/protocol'
import { cardFor, exit, putCards } from '#features/conversations'
import { type AfterCommit, type Db, shareTurn, type Tx, takeTurn, transact } from '#platform/database'
import type { Actor, Platform } from '#platform/feature'
import type { SupervisedThread } from '#platform/log'
import { type SupervisionRow, supervisionOf } from './store.ts'

/** Somebody who reads the threads of two people, and by what. */
export interface Supervisor {
  readonly person: PersonId
  /** The end of the last day; null where it is open. */
  readonly until: Date | null
  readonly by: readonly SupervisionRow[]
}

/** A transaction and who asked for it; null where a date did. */
export type Supervising = Platform & { readonly tx: Tx; readonly after: AfterCommit; readonly actor: Actor | null }

const turn = 'relationships'

/** Before relationships, kinds and circles are changed: a thread that is being made sees them as they were or as they will be. */
export function lockRules(tx: Tx): Promise<void> {
  return takeTurn(tx, turn)
}

/** Before a thread is made. After `lockPair`, before any other lock. */
export function holdRules(tx: Tx): Promise<void> {
  return shareTurn(tx, turn)
}

/** Who supervises a thread of these two (or of one, while the other is not known) now. Never one of the two. */
export async function supervisorsOf(db: Db | Tx, pair: readonly PersonId[], now: Date): Promise<Supervisor[]> {
  return gather(pair, await validOf(db, pair, now))
}

/** Those of these people whose thread with a person somebody supervises now. */
export async function supervisedAmong(
  db: Db | Tx,
  person: PersonId,
  others: readonly PersonId[],
  now: Date,
): Promise<ReadonlySet<PersonId>> {
  const rows = Map.groupBy(await validOf(db, [person, ...others], now), (row) => row.of)
  const own = rows.get(person) ?? []
  return new Set(others.filter((other) => gather([person, other], [...own, ...(rows.get(other) ?? [])]).length > 0))
}

/**
 * Seats in supervised threads whoever supervises one of the two now, and takes out whoever no longer does. Both are entries that
 * everybody in the thread sees. Who comes later reads from there on. Threads that were made without supervision stay so.
 */
export async function supervise(
  context: Supervising,
  which: readonly PersonId[] | ConversationId | 'all',
): Promise<void> {
  const { tx, log, clock } = context
  for (const { thread, wanted } of await differing(await log.supervisedThreads(tx, which), tx, clock.now())) {
    for (const { person } of thread.supervisors)
      if (!wanted.some((one) => one.person === person))
        await exit(context, thread.id, person, { person, session: null })
    for (const { person, until, by } of wanted) {
      const seated = thread.supervisors.find((one) => one.person === person)
      if (seated) await log.seatUntil(tx, thread.id, person, until)
      else await seat(context, thread.id, { person, until, by })
    }
  }
}

/** The same for all threads, one by one: rules begin and end with the day. */
export async function superviseAll(platform: Platform): Promise<void> {
  const { db, log, clock } = platform
  for (const { thread } of await differing(await log.supervisedThreads(db, 'all'), db, clock.now()))
    await transact(db, async (tx, after) => {
      await holdRules(tx)
      await supervise({ ...platform, tx, after, actor: null }, thread.id)
    })
}

async function seat(context: Supervising, conversation: ConversationId, { person, until, by }: Supervisor) {
  const { tx, after, log, audit } = context
  const doer = { person, session: null }
  if (!(await log.seat(tx, after, conversation, person, doer, { role: 'reader', fromNow: true, until }))) return
  const relationships = by.map((row) => row.id)
  audit.record(context, { action: 'member.added', conversation, person, detail: { role: 'reader', relationships } })
  const thread = await log.findConversation(tx, conversation)
  if (thread) await putCards(context, tx, after, [[person, cardFor(thread, person, 'reader')]])
}

/** The threads whose supervisors are not those that the rules want, with those. */
async function differing(
  threads: readonly SupervisedThread[],
  db: Db | Tx,
  now: Date,
): Promise<{ thread: SupervisedThread; wanted: Supervisor[] }[]> {
  const people = [...new Set(threads.flatMap((thread) => thread.pair))]
  const rows = Map.groupBy(await validOf(db, people, now), (row) => row.of)
  return threads
    .map((thread) => ({
      thread,
      wanted: gather(
        thread.pair,
        thread.pair.flatMap((person) => rows.get(person) ?? []),
      ),
    }))
    .filter(({ thread, wanted }) => {
      const seated = new Map(thread.supervisors.map(({ person, until }) => [person, until?.getTime()]))
      return (
        wanted.length !== seated.size ||
        wanted.some(({ person, until }) => !seated.has(person) || seated.get(person) !== until?.getTime())
      )
    })
}

async function validOf(db: Db | Tx, people: readonly PersonId[], now: Date): Promise<SupervisionRow[]> {
  const day = dayOf(now)
  return (await supervisionOf(db, people)).filter(
    ({ effects, from_date, until_date }) =>
      saysSupervision({ forward: true, effects, fromDate: from_date, untilDate: until_date }, day) === 'grants',
  )
}

function gather(pair: readonly PersonId[], rows: readonly SupervisionRow[]): Supervisor[] {
  const others = rows.filter((row) => !pair.includes(row.supervisor))
  return [...Map.groupBy(others, (row) => row.supervisor)].map(([person, by]) => ({ person, until: endOf(by), by }))
}

/** The midnight after the last of the days. */
function endOf(rows: readonly SupervisionRow[]): Date | null {
  let last = ''
  for (const { until_date } of rows) {
    if (until_date === null) return null
    if (until_date > last) last = until_date
  }
  return new Date(Date.parse(`${last}T00:00:00.000Z`) + 24 * 3_600_000)
}
