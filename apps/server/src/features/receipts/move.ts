import type { ConversationId, PersonId } from '@sotto/protocol'
import { maxMembersWithReceipts } from '@sotto/protocol/pure'
import { getSettings } from '#features/settings'
import type { Platform } from '#platform/feature'
import type { Moved } from '#platform/log'

interface Wanted {
  readonly person: PersonId
  readonly conversation: ConversationId
  read: number
  delivered: number
}

interface Batch {
  readonly wanted: Map<string, Wanted>
  readonly done: Promise<void>
}

/** Receipts come in bursts and only the furthest counts: those of this many milliseconds share a statement. */
const gatherMs = 20
const gathering = new WeakMap<Platform['log'], Batch>()

/** Moves a member’s receipts forward and tells whoever may know. Resolves once they are on disk. */
export function moveReceipt(platform: Platform, receipt: Wanted): Promise<void> {
  const batch = gathering.get(platform.log) ?? beginBatch(platform)
  const key = `${receipt.conversation}/${receipt.person}`
  const earlier = batch.wanted.get(key)
  if (earlier) {
    earlier.read = Math.max(earlier.read, receipt.read)
    earlier.delivered = Math.max(earlier.delivered, receipt.delivered)
  } else batch.wanted.set(key, { ...receipt })
  return batch.done
}

function beginBatch(platform: Platform): Batch {
  const wanted = new Map<string, Wanted>()
  const done = new Promise<void>((resolve) => setTimeout(resolve, gatherMs)).then(() => {
    gathering.delete(platform.log)
    return flush(platform, [...wanted.values()])
  })
  const batch = { wanted, done }
  gathering.set(platform.log, batch)
  return batch
}

async function flush(platform: Platform, wanted: readonly Wanted[]): Promise<void> {
  const readers = [...new Set(wanted.filter((receipt) => receipt.read > 0).map((receipt) => receipt.person))]
  const shares = new Map(
    await Promise.all(
      readers.map(async (person) => [person, (await getSettings(platform, platform.db, person)).shareRead] as const),
    ),
  )
  const moved = await platform.log.moveReceipts(
    wanted.map((receipt) => ({ ...receipt, share: shares.get(receipt.person) ?? false })),
  )
  for (const receipt of moved) tell(platform, receipt)
}

function tell(
  { bus }: Platform,
  { person, conversation, delivered, read, shownRead, readMoved, shownMoved, members }: Moved,
) {
  if (readMoved) {
    const frame = JSON.stringify({ type: 'read', conversation, place: read })
    bus.publish({ kind: 'frame', audience: `p:${person}`, frame, mayDrop: false })
  }
  // In a large conversation everybody's reading would be told to everybody.
  if (shownMoved && members <= maxMembersWithReceipts) {
    const frame = JSON.stringify({ type: 'receipt', conversation, receipt: { person, delivered, read: shownRead } })
    bus.publish({ kind: 'frame', audience: `c:${conversation}`, frame, mayDrop: false })
  }
}
