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

interface Kept {
  settings: Promise<InstanceSettings> | undefined
  readAt: number
}
const kept = new WeakMap<Bus, Kept>()

/** The settings as they are now, from memory: they are asked for with every message. */
export function currentSettings({ bus, db, clock }: Pick<Platform, 'bus' | 'db' | 'clock'>): Promise<InstanceSettings> {
  const mine = keptBy(bus)
  const now = clock.now().getTime()
  if (!mine.settings || now - mine.readAt > maxAgeMs) {
    mine.readAt = now
    mine.settings = readSettings(db).then((own) => ({ ...defaultInstanceSettings, ...own }))
    mine.settings.catch(() => {
      mine.settings = undefined
    })
  }
  return mine.settings
}

function keptBy(bus: Bus): Kept {
  const known = kept.get(bus)
  if (known) return known
  const mine: Kept = { settings: undefined, readAt: 0 }
  kept.set(bus, mine)
  bus.subscribe((notice) => {
    if (notice.kind === 'settings') mine.settings = undefined
  })
  return mine
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
  after(() => bus.publish({ kind: 'settings' }))
  return settings
}
