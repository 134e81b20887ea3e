import Type, { type Static } from 'typebox'
import { Shunned } from './blocks.ts'
import { ConversationCard } from './conversations.ts'
import { command } from './define.ts'
import { Draft } from './messages.ts'
import { ModerationNotice } from './reports.ts'
import { ConversationId, exactly, nullable, oneOf, PersonId, Time } from './types.ts'

/** What a person has chosen for themselves, on all their devices. */
export const Settings = exactly({
  theme: oneOf('system', 'light', 'dark', 'contrast'),
  density: oneOf('comfortable', 'compact'),
  sendWith: oneOf('enter', 'ctrl_enter'),
  shareRead: Type.Boolean({ description: 'Whether others see how far one has read, and one sees how far they have.' }),
  language: Type.String({ maxLength: 16, pattern: '^[A-Za-z-]*$', description: 'Empty follows the browser.' }),
})
export type Settings = Static<typeof Settings>

/** Somebody asks for the free seat in one of one's threads. */
export const SeatRequest = exactly({ conversation: ConversationId, person: PersonId, at: Time })
export type SeatRequest = Static<typeof SeatRequest>

/**
 * One keyed row of what concerns one person only. The latest value per key counts; null means the row is gone.
 * Keys: `block/PERSON`, `conversation/ID`, `draft/ID`, `mute/PERSON`, `notice/ID`, `request/CONVERSATION/PERSON`, `settings`.
 */
export const BoardRow = exactly({
  key: Type.String(),
  revision: Type.Integer({ minimum: 1 }),
  value: nullable(Type.Union([ConversationCard, Draft, SeatRequest, Settings, Shunned, ModerationNotice])),
})
export type BoardRow = Static<typeof BoardRow>

export const boardCommands = [
  command({
    name: 'board.pull',
    rest: 'GET /board',
    access: 'signed_in',
    summary: 'The rows of one’s board with a revision above `after`, by revision; call again while `more`.',
    input: exactly({
      after: Type.Integer({ minimum: 0 }),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
    }),
    reply: exactly({ rows: Type.Array(BoardRow), revision: Type.Integer({ minimum: 0 }), more: Type.Boolean() }),
  }),
  command({
    name: 'settings.update',
    rest: 'PATCH /settings',
    access: 'signed_in',
    summary: 'Changes one’s own settings; fields left out stay as they are.',
    input: Type.Partial(Settings, { additionalProperties: false }),
    reply: Settings,
  }),
] as const
