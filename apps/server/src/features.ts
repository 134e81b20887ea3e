import { audit } from '#features/audit'
import { blocks } from '#features/blocks'
import { board } from '#features/board'
import { channels } from '#features/channels'
import { conversations } from '#features/conversations'
import { decisions } from '#features/decisions'
import { directory } from '#features/directory'
import { drafts } from '#features/drafts'
import { groups } from '#features/groups'
import { health } from '#features/health'
import { instance } from '#features/instance'
import { invitations } from '#features/invitations'
import { members } from '#features/members'
import { messages } from '#features/messages'
import { people } from '#features/people'
import { presence } from '#features/presence'
import { receipts } from '#features/receipts'
import { relationships } from '#features/relationships'
import { reports } from '#features/reports'
import { roles } from '#features/roles'
import { sessions } from '#features/sessions'
import { settings } from '#features/settings'
import { threads } from '#features/threads'
import { typing } from '#features/typing'

/** Every capability of the server. One may call only those above it: the order is the import law. */
export const features = [
  roles,
  people,
  sessions,
  audit,
  health,
  invitations,
  instance,
  settings,
  conversations,
  relationships,
  directory,
  blocks,
  members,
  groups,
  channels,
  reports,
  messages,
  decisions,
  threads,
  receipts,
  drafts,
  typing,
  presence,
  board,
]
