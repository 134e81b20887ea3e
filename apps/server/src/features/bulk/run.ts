import { AppError } from '@sotto/protocol'
import { currentSettings } from '#features/instance'
import { getPerson, permissionsOf, requireNotSuspended } from '#features/people'
import { start } from '#features/threads'
import { isLostRace, isUnavailable, transact } from '#platform/database'
import type { Platform } from '#platform/feature'
import { fillIn } from './fields.ts'
import { quietUntil } from './quiet.ts'
import { nextDue, type RecipientRow, settle, takeDue } from './store.ts'

/** Senders at work on this server. More of them would wait for the locks of one person’s board. */
const hands = 2
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
 * Sends what waits, one person at a time, each in a transaction of its own: the message and the note that it was sent are on disk together or
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
    while (!stopped && (await sendNext(platform)));
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
async function sendNext(platform: Platform): Promise<boolean> {
  let taken: RecipientRow | undefined
  try {
    return await transact(platform.db, async (tx, after) => {
      const due = await takeDue(tx, platform.clock.now())
      if (!due) return false
      taken = due
      const person = await getPerson(tx, due.person)
      const { bulk_quiet_from: from, bulk_quiet_until: until } = await currentSettings(platform)
      const later = quietUntil(platform.clock.now(), person.timeZone, { from, until })
      if (later) {
        await settle(tx, due, { due_at: later })
        return true
      }
      await requireNotSuspended(platform, tx, due.sender)
      if (!(await permissionsOf(tx, due.sender)).includes('bulk.send')) throw new AppError('forbidden', 'bulk.send')
      const text = (await platform.sealing.open(due.sender, due.bulk, due.text)).toString('utf8')
      const actor = { person: due.sender, session: due.session }
      const { conversation, place } = await start(
        { ...platform, tx, after, actor },
        { person: due.person, clientId: due.client_id, text: fillIn(text, person) },
      )
      await settle(tx, due, { state: 'sent', conversation, place })
      return true
    })
  } catch (error) {
    if (isLostRace(error)) return true
    if (!taken || !(error instanceof AppError)) throw error
    const refused = taken
    await transact(platform.db, (tx) => settle(tx, refused, { state: 'refused', why: error.code }))
    return true
  }
}
