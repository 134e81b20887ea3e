import Type, { type Static, type TSchema } from 'typebox'
import { command } from './define.ts'
import { exactly, line, oneOf } from './types.ts'

interface Setting<Schema extends TSchema> {
  readonly schema: Schema
  readonly default: Static<Schema>
  /** What a number counts. */
  readonly unit?: string
  /** One sentence about what it does. */
  readonly effect: string
  /** Shown only to those who may change it. */
  readonly concealed?: true
}

function setting<Schema extends TSchema>(setting: Setting<Schema>): Setting<Schema> {
  return setting
}

const minutes = Type.Integer({ minimum: 0, maximum: 60 * 24 * 366 })
const timeOfDay = Type.String({ pattern: '^(?:(?:[01]\\d|2[0-3]):[0-5]\\d)?$', description: 'HH:MM, or empty.' })

/** What those who run the instance decide for everybody, by key. A change counts from the next command on. */
export const instanceSettings = {
  enable_message_editing: setting({
    schema: Type.Boolean(),
    default: true,
    effect: 'Whether people may change what they have written.',
  }),
  message_edit_minutes: setting({
    schema: minutes,
    default: 60,
    unit: 'minutes',
    effect: 'For how long after sending a message may be changed; 0 for no limit.',
  }),
  enable_message_deletion: setting({
    schema: Type.Boolean(),
    default: true,
    effect: 'Whether people may delete what they have written.',
  }),
  message_delete_minutes: setting({
    schema: minutes,
    default: 60 * 24,
    unit: 'minutes',
    effect: 'For how long after sending a message may be deleted by its sender; 0 for no limit.',
  }),
  word_filter: setting({
    schema: Type.Array(line(64), { maxItems: 500 }),
    default: [],
    effect: 'Words that messages in managed and supervised conversations must not contain.',
    concealed: true,
  }),
  word_filter_action: setting({
    schema: oneOf('refuse', 'report'),
    default: 'refuse',
    effect: 'What happens to a message with such a word: it is refused, or sent and put before the moderators.',
    concealed: true,
  }),
  bulk_quiet_from: setting({
    schema: timeOfDay,
    default: '',
    effect: 'When the hours begin in which messages to many wait; empty for none.',
  }),
  bulk_quiet_until: setting({
    schema: timeOfDay,
    default: '',
    effect: 'When the hours end in which messages to many wait; empty for none.',
  }),
} as const

type Table = typeof instanceSettings
export type InstanceSettingKey = keyof Table
export const instanceSettingKeys = Object.keys(instanceSettings) as readonly InstanceSettingKey[]

type Schemas = { [Key in InstanceSettingKey]: Table[Key]['schema'] }
const schemas = Object.fromEntries(instanceSettingKeys.map((key) => [key, instanceSettings[key].schema])) as Schemas

export const InstanceSettings = exactly(schemas)
export type InstanceSettings = Static<typeof InstanceSettings>

export const defaultInstanceSettings = Object.fromEntries(
  instanceSettingKeys.map((key) => [key, instanceSettings[key].default]),
) as InstanceSettings

const some = Type.Partial(InstanceSettings, { additionalProperties: false })

export const instanceSettingsCommands = [
  command({
    name: 'instance.settings',
    rest: 'GET /instance/settings',
    access: 'signed_in',
    summary: 'The settings of the instance. Those about moderation are left out for people who may not change them.',
    input: exactly({}),
    reply: some,
  }),
  command({
    name: 'instance.changeSettings',
    rest: 'PATCH /instance/settings',
    access: 'signed_in',
    permission: 'instance.manage',
    summary: 'Changes settings of the instance; those left out stay as they are.',
    input: some,
    reply: InstanceSettings,
  }),
] as const
