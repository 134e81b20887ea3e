import { AppError, type Input } from '@sotto/protocol'
import { currentSettings } from '#features/instance'
import { findPeople, permissionsOf, requireNotSuspended } from '#features/people'
import { startEach } from '#features/threads'
import { type AfterCommit, isLostRace, isUnavailable, type Tx, transact } from '#platform/database'
import type { Platform } from '#platform/feature'
import { fillIn } from './fields.ts'
import { quietUntil } from './quiet.ts'
import { type BulkRow, nextDue, type RecipientRow, settle, takeDue } from './store.ts'

/** Senders at work on this server. More of them would wait for the locks of one person’s board. */
const hands = 2
/** Recipients in one transaction. More gain little each, and the locks of their boards are held longer. */
const together = 50
/** How often is looked for what another server, or one that died, has left. */
const lookEveryMs = 15_000

interface Runner {
  /** There may be something to send. */
  wake(): void
  stop(): Promise<void>
}

const runners = new WeakMap<Platform['bus'], Runner>()

export function wakeRunner({ bus }: Pick<Platform, 'bus'>): void {
  runners.get(bus)?.wake()
}

/**
 * Sends what waits, to some people at a time in one transaction: their messages and the notes that they were sent are on disk together or
 * not at all, so that a crash repeats nothing and leaves nothing out. Any number of servers may do this at once.
 */
export function startRunner(platform: Platform): () => Promise<void> {
  let stopped = false
  let running: Promise<void> | undefined
  let again = false
  let timer: NodeJS.Timeout | undefined

  function wake() {
    if (stopped) return
    again = true
    running ??= run().finally(() => {
      running = undefined
      if (again) wake()
    })
  }

  async function run() {
    again = false
    clearTimeout(timer)
    let wait = lookEveryMs
    try {
      await Promise.all(Array.from({ length: hands }, work))
      const due = await nextDue(platform.db)
      if (due) wait = Math.min(wait, Math.max(due.getTime() - platform.clock.now().getTime(), 100))
    } catch (error) {
      if (!isUnavailable(error)) platform.logger.error({ err: error }, 'messages to many were not sent')
    }
    if (!stopped) timer = setTimeout(wake, wait).unref()
  }

  async function work() {
    while (!stopped && (await sendSome(platform)));
  }

  const runner: Runner = {
    wake,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
  runners.set(platform.bus, runner)
  wake()
  return runner.stop
}

/** False where nobody is due. */
async function sendSome(platform: Platform): Promise<boolean> {
  let taken: NonNullable<Awaited<ReturnType<typeof takeDue>>> | undefined
  try {
    return await transact(platform.db, async (tx, after) => {
      taken = await takeDue(tx, platform.clock.now(), together)
      if (!taken) return false
      await settle(tx, taken.bulk.id, await send({ ...platform, tx, after }, taken))
      return true
    })
  } catch (error) {
    if (isLostRace(error)) return true
    if (!taken || !(error instanceof AppError)) throw error
    const { bulk, recipients } = taken
    const { code } = error
    await transact(platform.db, (tx) =>
      settle(
        tx,
        bulk.id,
        recipients.map((one) => ({ ...one, state: 'refused', why: code })),
      ),
    )
    return true
  }
}

/** What becomes of each. Throws where the sender may send nothing any more. */
async function send(
  context: Platform & { tx: Tx; after: AfterCommit },
  { bulk, recipients }: { bulk: Pick<BulkRow, 'id' | 'sender' | 'session' | 'text'>; recipients: RecipientRow[] },
): Promise<RecipientRow[]> {
  const { tx, sealing } = context
  await requireNotSuspended(context, tx, bulk.sender)
  if (!(await permissionsOf(tx, bulk.sender)).includes('bulk.send')) throw new AppError('forbidden', 'bulk.send')
  const text = (await sealing.open(bulk.sender, bulk.id, bulk.text)).toString('utf8')
  const found = await findPeople(
    tx,
    recipients.map((one) => one.person),
  )
  const people = new Map(found.map((person) => [person.id, person]))
  const { bulk_quiet_from: from, bulk_quiet_until: until } = await currentSettings(context)

  const outcomes: RecipientRow[] = []
  const ready: { row: RecipientRow; draft: Input<'threads.start'> }[] = []
  for (const row of recipients) {
    const person = people.get(row.person)
    const later = person && quietUntil(context.clock.now(), person.timeZone, { from, until })
    if (!person) outcomes.push({ ...row, state: 'refused', why: 'not_found' })
    else if (later) outcomes.push({ ...row, due_at: later })
    else ready.push({ row, draft: { person: row.person, clientId: row.client_id, text: fillIn(text, person) } })
  }
  const actor = { person: bulk.sender, session: bulk.session }
  const results = await startEach(
    { ...context, actor },
    ready.map((one) => one.draft),
  )
  for (const [index, { row }] of ready.entries()) {
    const result = results[index]
    if (!result) throw new Error('a draft got no answer')
    if (result instanceof AppError) outcomes.push({ ...row, state: 'refused', why: result.code })
    else outcomes.push({ ...row, state: 'sent', conversation: result.conversation, place: result.place })
  }
  return outcomes
}
