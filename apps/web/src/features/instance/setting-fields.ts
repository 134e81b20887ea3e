import type { InstanceSettings } from '@sotto/protocol'

/** How each setting is shown, in this order. The defaults are those of the protocol, whose own table would bring all schemas along. */
export const settingFields = {
  enable_message_editing: { kind: 'switch', default: true },
  message_edit_minutes: { kind: 'minutes', default: 60 },
  enable_message_deletion: { kind: 'switch', default: true },
  message_delete_minutes: { kind: 'minutes', default: 60 * 24 },
  word_filter: { kind: 'words', default: [] },
  word_filter_action: { kind: 'action', default: 'refuse' },
  bulk_quiet_from: { kind: 'time', default: '' },
  bulk_quiet_until: { kind: 'time', default: '' },
} as const satisfies { readonly [Key in keyof InstanceSettings]: Field<InstanceSettings[Key]> }

interface Field<Value> {
  readonly kind: 'switch' | 'minutes' | 'words' | 'action' | 'time'
  readonly default: Value
}
export type SettingKey = keyof typeof settingFields
export const mostMinutes = 60 * 24 * 366
export const mostWords = 500

/** One word a line; spaces around it, and empty lines, mean nothing. */
export function wordsOf(text: string): string[] {
  return [
    ...new Set(
      text
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean),
    ),
  ]
}
