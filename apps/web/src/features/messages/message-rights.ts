import type { Row } from '@sotto/client'
import type { EntryId, InstanceSettings, PersonId } from '@sotto/protocol'

export type Message = Extract<Row, { kind: 'message' }>

/** What a choice in the menu of a message asks for. */
export type MessageAct = 'copy' | 'edit' | 'pin' | 'unpin' | 'delete' | 'report'

export interface Standing {
  readonly me: PersonId
  /** Whether I may write here now. */
  readonly mayWrite: boolean
  /** Whether I may delete what others wrote here. */
  readonly moderates: boolean
  readonly mayPin: boolean
  /** Those that are pinned. */
  readonly pins: ReadonlySet<EntryId>
  /** Null while the settings are not known: then the server decides. */
  readonly settings: Partial<InstanceSettings> | null
  /** Epoch milliseconds. */
  readonly now: number
}

/** What I may do with a message, in the order of its menu. Nothing with one that is gone, waits or was refused. */
export function actsOn(row: Message, standing: Standing): MessageAct[] {
  const { me, mayWrite, moderates, mayPin, pins, settings, now } = standing
  if (row.deleted || row.id === null) return []
  const isWithin = (minutes: number | undefined): boolean => !minutes || now - Date.parse(row.at) <= minutes * 60_000
  const mine = row.sender === me
  const mayEdit =
    mine && mayWrite && settings?.enable_message_editing !== false && isWithin(settings?.message_edit_minutes)
  const mayTakeBack = mine && settings?.enable_message_deletion !== false && isWithin(settings?.message_delete_minutes)
  return [
    'copy',
    ...(mayEdit ? (['edit'] as const) : []),
    ...(mayPin ? ([pins.has(row.id) ? 'unpin' : 'pin'] as const) : []),
    ...(mayTakeBack || moderates ? (['delete'] as const) : []),
    ...(mine ? [] : (['report'] as const)),
  ]
}
