import {
  defaultInstanceSettings,
  type Input,
  type InstanceSettings,
  instanceSettingKeys,
  instanceSettings,
  type Permission,
  type Reply,
} from '@sotto/protocol'
import type { Bus } from '#platform/bus'
import type { Platform, WriteContext } from '#platform/feature'
import { mergeSettings, readSettings } from './store.ts'

/** For the day when a notice is lost on its way to another server. */
const maxAgeMs = 60_000

type Ports = Pick<Platform, 'bus' | 'db' | 'clock'>

interface Kept {
  settings: InstanceSettings | undefined
  readAt: number
  /** Counts the changes: what was read before one is not kept after it. */
  changes: number
  reading: Promise<InstanceSettings> | undefined
}
const kept = new WeakMap<Bus, Kept>()

/**
 * The settings as they are now, from memory: they are asked for with every message, also in the middle of transactions, which must not wait for
 * a second connection. Only the first call of a server reads them from the database, see `keepSettings`.
 */
export async function currentSettings(ports: Ports): Promise<InstanceSettings> {
  const mine = keptBy(ports)
  if (!mine.settings) return read(ports, mine)
  if (ports.clock.now().getTime() - mine.readAt > maxAgeMs) read(ports, mine).catch(() => {})
  return mine.settings
}

/** Reads the settings before anybody needs them. */
export function keepSettings(ports: Ports): () => Promise<void> {
  const first = currentSettings(ports).then(
    () => {},
    () => {},
  )
  return () => first
}

function keptBy(ports: Ports): Kept {
  const known = kept.get(ports.bus)
  if (known) return known
  const mine: Kept = { settings: undefined, readAt: 0, changes: 0, reading: undefined }
  kept.set(ports.bus, mine)
  ports.bus.subscribe((notice) => {
    if (notice.kind !== 'settings') return
    mine.settings = notice.settings
    mine.changes++
    // Of two changes at the same moment the notices may come in either order.
    read(ports, mine).catch(() => {})
  })
  return mine
}

function read({ db, clock }: Ports, mine: Kept): Promise<InstanceSettings> {
  const again = async (): Promise<InstanceSettings> => {
    const { changes } = mine
    const settings = { ...defaultInstanceSettings, ...(await readSettings(db)) }
    if (changes !== mine.changes) return again()
    mine.settings = settings
    return settings
  }
  mine.readAt = clock.now().getTime()
  mine.reading ??= again().finally(() => {
    mine.reading = undefined
  })
  return mine.reading
}

/** Without those that are about moderation, for people who may not change them. */
export function shownSettings(
  settings: InstanceSettings,
  permissions: readonly Permission[],
): Reply<'instance.settings'> {
  if (permissions.includes('instance.manage')) return settings
  const shown = instanceSettingKeys.filter((key) => !('concealed' in instanceSettings[key]))
  return Object.fromEntries(shown.map((key) => [key, settings[key]]))
}

export async function changeSettings(
  context: WriteContext<'signed_in'>,
  change: Input<'instance.changeSettings'>,
): Promise<Reply<'instance.changeSettings'>> {
  const { tx, after, bus, audit } = context
  const { word_filter, ...others } = change
  const settings = { ...defaultInstanceSettings, ...(await mergeSettings(tx, change)) }
  // The words themselves are not for everybody who reads the record.
  if (word_filter) audit.record(context, { action: 'words.changed', detail: { words: word_filter.length } })
  if (Object.keys(others).length > 0) audit.record(context, { action: 'instance.changed', detail: others })
  after(() => bus.publish({ kind: 'settings', settings }))
  return settings
}
