import type { AuditAction, AuditRecord, ConversationId, PersonId } from '@sotto/protocol'
import { en } from '#words/en.ts'
import { t, type WordKey } from '#words/t.ts'

/** Everything that is put on record. */
export const auditActions = Object.entries(en.actions).flatMap(([about, deeds]) =>
  Object.keys(deeds).map((deed) => `${about}.${deed}`),
) as readonly AuditAction[]

export interface Names {
  person(id: PersonId): string
  conversation(id: ConversationId): string | undefined
  role(id: string): string
}

/** A record as a sentence: who, what, whom and where. When, and with which device, stand beside it. */
export function sentenceOf(record: AuditRecord, names: Names): string {
  const { action, actor, person, conversation, detail } = record
  const text = (key: string): string => (typeof detail[key] === 'string' ? (detail[key] as string) : '')
  return t(keyOf(record), {
    actor: actor ? names.person(actor) : t('audit.nobody'),
    person: person ? names.person(person) : t('audit.nobody'),
    conversation: (conversation && names.conversation(conversation)) || t('audit.aConversation'),
    name: text('name'),
    role: action.startsWith('role.') && text('name') ? text('name') : names.role(text('role')),
  })
}

function keyOf({ action, actor, person, detail }: AuditRecord): WordKey {
  if (action === 'member.silenced' && detail.minutes === 0) return `undoneDeeds.${action}`
  if (action === 'member.banned' && detail.lifted) return `undoneDeeds.${action}`
  // Whoever writes does not bring them in: the rules do.
  if (action === 'member.added' && detail.role === 'reader') return `supervisedDeeds.${action}`
  const isOwn = actor !== null && actor === person
  if (isOwn) {
    switch (action) {
      case 'session.ended':
      case 'member.added':
      case 'member.removed':
      case 'message.deleted':
        return `ownDeeds.${action}`
    }
  }
  return `deeds.${action}`
}
