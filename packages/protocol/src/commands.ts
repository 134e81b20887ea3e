import { auditCommands } from './audit.ts'
import { blockCommands } from './blocks.ts'
import { boardCommands } from './board.ts'
import { bulkCommands } from './bulk.ts'
import { channelCommands } from './channels.ts'
import { circleCommands } from './circles.ts'
import { conversationCommands, threadCommands } from './conversations.ts'
import type { InputOf, ReplyOf } from './define.ts'
import { groupCommands } from './groups.ts'
import { healthCommands } from './health.ts'
import { instanceCommands, invitationCommands } from './instance.ts'
import { instanceSettingsCommands } from './instance-settings.ts'
import { memberCommands } from './members.ts'
import { draftCommands, messageCommands } from './messages.ts'
import { peopleCommands } from './people.ts'
import { presenceCommands, receiptCommands, typingCommands } from './receipts.ts'
import { relationshipCommands } from './relationships.ts'
import { reportCommands } from './reports.ts'
import { roleCommands } from './roles.ts'
import { sessionCommands } from './sessions.ts'

/** Every request there is. The server refuses to start when one of them has no handler, and the reference is made from this list. */
export const commands = [
  ...instanceCommands,
  ...instanceSettingsCommands,
  ...invitationCommands,
  ...roleCommands,
  ...peopleCommands,
  ...sessionCommands,
  ...conversationCommands,
  ...threadCommands,
  ...memberCommands,
  ...groupCommands,
  ...channelCommands,
  ...messageCommands,
  ...draftCommands,
  ...blockCommands,
  ...reportCommands,
  ...receiptCommands,
  ...typingCommands,
  ...presenceCommands,
  ...boardCommands,
  ...bulkCommands,
  ...auditCommands,
  ...healthCommands,
  ...circleCommands,
  ...relationshipCommands,
] as const

type Every = (typeof commands)[number]
export type CommandName = Every['name']

// Tables to look up in: with conditional types instead, the compiler took minutes to compare two generic functions of a command.
type Specs = { [One in Every as One['name']]: One }
type Inputs = { [Name in CommandName]: InputOf<Specs[Name]> }
type Replies = { [Name in CommandName]: ReplyOf<Specs[Name]> }
export type Spec<Name extends CommandName> = Specs[Name]
export type Input<Name extends CommandName> = Inputs[Name]
export type Reply<Name extends CommandName> = Replies[Name]
