import type {
  BoardRow,
  ConversationCard,
  ConversationId,
  Draft,
  Entry,
  Head,
  ModerationNotice,
  PersonId,
  SeatRequest,
  Settings,
  Shunned,
  Span,
} from '@sotto/protocol'
import { freshOf, newConversation, withAlteration, withCard, withEntries, withHead } from './conversation.ts'
import type { Batch } from './journal.ts'
import { withMark } from './pins.ts'
import { type ConversationRecord, only } from './records.ts'
import { withoutText } from './store.ts'

/** What comes from the server, written into a batch. Every way an entry can come ends in `takeEntries`. */

export function conversationOf(batch: Batch, id: ConversationId): ConversationRecord {
  return batch.get('conversation', id) ?? newConversation(id)
}

/** What is no longer held goes: nobody would tell this device when it is deleted. */
export function putConversation(batch: Batch, record: ConversationRecord) {
  const before = batch.get('conversation', record.id)
  if (before && before.held.length > 0 && record.held.length === 0) forgetEntries(batch, record.id)
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
  takeAlterations(batch, entries)
  takePinned(batch, conversation, entries)
  const before = conversationOf(batch, conversation)
  for (const entry of freshOf(before, entries)) batch.entries.push(asLeft(batch, entry))
  for (const entry of entries) if (entry.sender === me) batch.remove('outbox', entry.clientId)
  const after = withPeer(withEntries(before, served, entries, me), entries, me)
  putConversation(batch, withLastAltered(batch, after))
}

/** Edits and deletions, of messages that are held and of others, in whatever order they come. A deletion is the end. */
export function takeAlterations(batch: Batch, entries: readonly Entry[]) {
  for (const entry of entries) {
    if (entry.kind !== 'edited' && entry.kind !== 'deleted') continue
    const { conversation, place, target } = entry
    const known = batch.get('alteration', target)
    if (known?.deleted || (entry.kind === 'edited' && known && known.place >= place)) continue
    const text = entry.kind === 'edited' ? entry.body.text : ''
    const deleted = entry.kind === 'deleted' ? entry.body.by : null
    batch.put('alteration', target, { conversation, place, text, deleted })
    if (deleted) {
      batch.wipe(conversation, target)
      const pins = batch.get('pins', conversation)
      if (pins?.marks.some((mark) => mark.message === target))
        batch.put('pins', conversation, withMark(pins, { message: target, place, pinned: false }))
    }
    const record = batch.get('conversation', conversation)
    if (record) putConversation(batch, withLastAltered(batch, record))
  }
}

function takePinned(batch: Batch, conversation: ConversationId, entries: readonly Entry[]) {
  const before = batch.get('pins', conversation)
  if (!before) return
  const after = entries.reduce(
    (pins, entry) =>
      entry.kind === 'pinned'
        ? withMark(pins, { message: entry.target, place: entry.place, pinned: entry.body.pinned })
        : pins,
    before,
  )
  batch.put('pins', conversation, after)
}

function withLastAltered(batch: Batch, record: ConversationRecord): ConversationRecord {
  const { last } = record
  const altered = last && batch.get('alteration', last.id)
  return altered ? { ...record, last: withAlteration(last, altered) } : record
}

/** What came late says no more than what is known to be left of it. */
function asLeft(batch: Batch, entry: Entry): Entry {
  const message = entry.kind === 'edited' ? entry.target : entry.id
  return batch.get('alteration', message)?.deleted ? withoutText(entry, new Set([message])) : entry
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
    case 'notice':
      if (value) batch.put('notice', id, value as ModerationNotice)
      else batch.remove('notice', id)
      return
    case 'block':
    case 'mute': {
      const table = key.slice(0, slash) as 'block' | 'mute'
      if (value) batch.put(table, id, value as Shunned)
      else batch.remove(table, id)
      return
    }
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
  forgetEntries(batch, id)
}

function forgetEntries(batch: Batch, id: ConversationId) {
  batch.forgotten.push(id)
  batch.remove('pins', id)
  for (const [message, { conversation }] of batch.entriesOf('alteration'))
    if (conversation === id) batch.remove('alteration', message)
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
