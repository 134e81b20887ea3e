import type {
  BoardRow,
  ConversationCard,
  ConversationId,
  Draft,
  Entry,
  Head,
  PersonId,
  SeatRequest,
  Settings,
  Span,
} from '@sotto/protocol'
import { freshOf, newConversation, withCard, withEntries, withHead } from './conversation.ts'
import type { Batch } from './journal.ts'
import { type ConversationRecord, only } from './records.ts'

/** What comes from the server, written into a batch. Every way an entry can come ends in `takeEntries`. */

export function conversationOf(batch: Batch, id: ConversationId): ConversationRecord {
  return batch.get('conversation', id) ?? newConversation(id)
}

export function putConversation(batch: Batch, record: ConversationRecord) {
  batch.put('conversation', record.id, record)
}

export function takeHead(batch: Batch, head: Head) {
  putConversation(batch, withHead(conversationOf(batch, head.conversation), head))
}

/**
 * Entries that fill `served` of a conversation without a gap, with the conversation’s cursor, in one batch. A message of mine among
 * them leaves the outbox in the same transaction.
 */
export function takeEntries(
  batch: Batch,
  conversation: ConversationId,
  served: Span,
  entries: readonly Entry[],
  me: PersonId,
) {
  if (served.to < served.from) return
  const before = conversationOf(batch, conversation)
  for (const entry of freshOf(before, entries)) batch.entries.push(entry)
  for (const entry of entries) if (entry.sender === me) batch.remove('outbox', entry.clientId)
  putConversation(batch, withPeer(withEntries(before, served, entries, me), entries, me))
}

// The first entry of a thread can come before its card, and the messages waiting for that person belong into it at once.
function withPeer(record: ConversationRecord, entries: readonly Entry[], me: PersonId): ConversationRecord {
  if (record.card || record.peer) return record
  const entry = entries.find((candidate) => candidate.receiver !== undefined)
  if (!entry?.receiver) return record
  return { ...record, peer: entry.sender === me ? entry.receiver : entry.sender }
}

/** Rows of the board with the revision they lead to. Rows that are not newer than what is known change nothing. */
export function takeBoard(batch: Batch, rows: readonly BoardRow[], revision: number) {
  const known = batch.get('board', only)?.revision ?? 0
  for (const row of rows) if (row.revision > known) takeRow(batch, row)
  if (revision > known) batch.put('board', only, { revision })
}

function takeRow(batch: Batch, { key, value }: BoardRow) {
  const slash = key.indexOf('/')
  const id = slash < 0 ? '' : key.slice(slash + 1)
  switch (slash < 0 ? key : key.slice(0, slash)) {
    case 'conversation':
      return takeCard(batch, id as ConversationId, value as ConversationCard | null)
    case 'draft':
      return takeDraft(batch, id as ConversationId, value as Draft | null)
    case 'request':
      if (value) batch.put('request', id, value as SeatRequest)
      else batch.remove('request', id)
      return
    case 'settings':
      if (value) batch.put('settings', only, value as Settings)
      else batch.remove('settings', only)
      return
  }
}

function takeCard(batch: Batch, id: ConversationId, card: ConversationCard | null) {
  if (card) return putConversation(batch, withCard(conversationOf(batch, id), card))
  batch.remove('conversation', id)
  batch.forgotten.push(id)
}

/** Takes away what is here of a conversation the board does not have. */
export function forgetStranger(batch: Batch, id: ConversationId) {
  if (batch.get('conversation', id)?.card !== null) return
  batch.remove('conversation', id)
  batch.forgotten.push(id)
}

// What is being typed here wins until the server has it.
function takeDraft(batch: Batch, id: ConversationId, draft: Draft | null) {
  if (batch.get('draft', id)?.unsent) return
  if (draft?.text) batch.put('draft', id, { text: draft.text, unsent: false })
  else batch.remove('draft', id)
}
