import type { ClientId, ConversationId, Entry, EntryId, ErrorBody, PersonId } from '@sotto/protocol'
import { AppError, maxTextBytes } from '@sotto/protocol/pure'
import type { Target } from '#client/api.ts'
import { conversationOf, putConversation, takeAlterations, takeEntries } from './arrivals.ts'
import { backoffMs } from './backoff.ts'
import { otherPerson } from './conversation.ts'
import { putDraft } from './drafts.ts'
import type { Batch, Changes } from './journal.ts'
import type { Clock, Random } from './ports.ts'
import { type Sending, targetKey } from './records.ts'
import { errorBody, mayRetry } from './rest.ts'

export interface OutboxParts {
  readonly journal: Changes
  readonly clock: Clock
  readonly random: Random
  readonly request: (type: string, input: object) => Promise<unknown>
  readonly isOpen: () => boolean
  readonly me: () => PersonId
  /** The conversation of a person’s thread, once it is known. */
  readonly threadWith: (person: PersonId) => ConversationId | null
  readonly stored: (conversation: ConversationId) => void
}

interface Accepted {
  readonly id: EntryId
  readonly place: number
  readonly at: string
  readonly conversation?: ConversationId
}

/** Queues that may wait for an answer at the same time. */
const lanesAtOnce = 16

/**
 * Messages on their way out. Each target has one queue, and of each queue only the first message is on its way: were the second
 * sent before the first is acknowledged, the first could fail and then arrive behind it. Different queues do not wait for each other.
 */
export class Outbox {
  private readonly parts: OutboxParts
  private lanes = new Map<string, ClientId[]>()
  private readonly underway = new Set<ClientId>()
  private readonly resting = new Map<ClientId, () => void>()
  private readonly failures = new Map<ClientId, number>()
  private nextOrder = 1
  private era = 0

  constructor(parts: OutboxParts) {
    this.parts = parts
  }

  /** Takes up what is stored. */
  load() {
    this.sort()
    this.nextOrder = 1
    for (const item of this.parts.journal.state.all('outbox')) this.nextOrder = Math.max(this.nextOrder, item.order + 1)
  }

  /** Everything that was on its way is sent again: the server knows what it has by the client ids. */
  connected() {
    this.era++
    this.underway.clear()
    this.stop()
    this.pump()
  }

  stop() {
    for (const cancel of this.resting.values()) cancel()
    this.resting.clear()
  }

  /** Follows what a committed batch did to the outbox. */
  committed(batch: Batch) {
    const { state } = this.parts.journal
    let moved = batch.cleared
    for (const id of batch.touched('outbox') as ClientId[]) {
      const item = state.get('outbox', id)
      const lane = item && this.lanes.get(this.laneOf(item.target))
      if (item && !lane) this.lanes.set(this.laneOf(item.target), [id])
      else if (item && lane && !lane.includes(id)) lane.push(id)
      else if (!item) {
        this.forget(id)
        moved ||= !this.shift(id)
      }
    }
    // A person whose thread has become known: the two queues are one from now on.
    for (const id of batch.touched('conversation')) {
      const record = state.get('conversation', id)
      const peer = record && otherPerson(record)
      if (peer && this.lanes.has(peer)) moved = true
    }
    if (moved) this.sort()
    if (moved || batch.touched('outbox').length > 0) this.pump()
  }

  /** Repeating a call with the same client id changes nothing. */
  async add(target: Target, text: string, clientId: ClientId) {
    requireText(text)
    await this.parts.journal.change((batch) => {
      if (batch.get('outbox', clientId)) return
      const at = new Date(this.parts.clock.now()).toISOString()
      const order = this.nextOrder++
      batch.put('outbox', clientId, { clientId, order, target, text, at, refused: null, edited: false })
      this.clearDraft(batch, target, text)
    })
  }

  async retry(clientId: ClientId, text?: string) {
    if (text !== undefined) requireText(text)
    await this.parts.journal.change((batch) => {
      const item = batch.get('outbox', clientId)
      if (!item?.refused) return
      const changed = text !== undefined && text !== item.text
      batch.put('outbox', clientId, { ...item, refused: null, text: text ?? item.text, edited: item.edited || changed })
    })
  }

  async discard(clientId: ClientId) {
    await this.parts.journal.change((batch) => {
      const item = batch.get('outbox', clientId)
      if (!item) return
      // What may have reached the server can only be waited for.
      if (!item.refused && (this.underway.has(clientId) || this.failures.has(clientId))) throw new AppError('conflict')
      batch.remove('outbox', clientId)
    })
  }

  /** The messages that wait for a target, in their order. */
  waitingFor(key: string): readonly ClientId[] {
    return this.lanes.get(key) ?? []
  }

  laneOf(target: Target): string {
    return 'conversation' in target ? target.conversation : (this.parts.threadWith(target.person) ?? target.person)
  }

  pump() {
    if (!this.parts.isOpen()) return
    for (const lane of this.lanes.values()) {
      if (this.underway.size >= lanesAtOnce) return
      const first = lane[0]
      if (first === undefined || this.resting.has(first)) continue
      // Two queues that became one may both have had a message on its way.
      if (this.underway.size > 0 && lane.some((id) => this.underway.has(id))) continue
      const item = this.parts.journal.state.get('outbox', first)
      if (item && !item.refused) void this.send(item)
    }
  }

  private async send(item: Sending) {
    const { era } = this
    this.underway.add(item.clientId)
    try {
      await this.accepted(item, await this.post(item))
    } catch (error) {
      if (era !== this.era) return
      const refusal = error instanceof AppError ? error : null
      if (!refusal || mayRetry(refusal)) this.rest(item.clientId, refusal?.retryAfterMs)
      else await this.refused(item, errorBody(refusal)).catch(() => this.rest(item.clientId))
    } finally {
      if (era === this.era) {
        this.underway.delete(item.clientId)
        this.pump()
      }
    }
  }

  private async post({ target, clientId, text }: Sending): Promise<Accepted> {
    const [type, input] =
      'person' in target
        ? ['threads.start', { person: target.person, clientId, text }]
        : ['messages.send', { conversation: target.conversation, clientId, text }]
    return (await this.parts.request(type, input)) as Accepted
  }

  /** The confirmed entry comes in and the waiting message goes out in one transaction. */
  private async accepted(item: Sending, accepted: Accepted) {
    const conversation = 'conversation' in item.target ? item.target.conversation : accepted.conversation
    if (!conversation) throw new AppError('internal')
    const { place } = accepted
    const stored = await this.parts.journal.change((batch) => {
      const record = conversationOf(batch, conversation)
      const peer = 'person' in item.target ? item.target.person : record.peer
      putConversation(batch, { ...record, peer })
      // The server may have taken the text before it was changed: then only the server can say what it has.
      if (item.edited) return false
      const entry = confirmed(
        item,
        accepted,
        conversation,
        this.parts.me(),
        otherPerson(conversationOf(batch, conversation)),
      )
      takeEntries(batch, conversation, { from: place, to: place }, [entry], this.parts.me())
      batch.remove('outbox', item.clientId)
      return true
    })
    if (!stored) await this.fetch(conversation, place, item.clientId)
    this.parts.stored(conversation)
  }

  private async fetch(conversation: ConversationId, place: number, clientId: ClientId) {
    const asked = { conversation, from: place, to: place }
    const reply = (await this.parts.request('messages.pull', { spans: [asked], limit: 1 })) as {
      readonly spans: readonly { readonly entries: readonly Entry[] }[]
      readonly about: readonly Entry[]
    }
    await this.parts.journal.change((batch) => {
      takeAlterations(batch, reply.about)
      const entries = reply.spans.flatMap((span) => span.entries)
      if (entries.length > 0) takeEntries(batch, conversation, asked, entries, this.parts.me())
      batch.remove('outbox', clientId)
    })
  }

  private async refused(item: Sending, refused: ErrorBody) {
    await this.parts.journal.change((batch) => {
      const now = batch.get('outbox', item.clientId)
      if (now) batch.put('outbox', item.clientId, { ...now, refused })
    })
  }

  private rest(clientId: ClientId, atLeastMs = 0) {
    const failures = (this.failures.get(clientId) ?? 0) + 1
    this.failures.set(clientId, failures)
    const waitMs = atLeastMs + backoffMs(failures, this.parts.random)
    this.resting.get(clientId)?.()
    const cancel = this.parts.clock.after(waitMs, () => {
      this.resting.delete(clientId)
      this.pump()
    })
    this.resting.set(clientId, cancel)
  }

  private forget(clientId: ClientId) {
    this.resting.get(clientId)?.()
    this.resting.delete(clientId)
    this.failures.delete(clientId)
  }

  /** Takes a message off the front of its queue; false where it was not at a front. */
  private shift(clientId: ClientId): boolean {
    for (const [key, lane] of this.lanes) {
      if (lane[0] !== clientId) continue
      lane.shift()
      if (lane.length === 0) this.lanes.delete(key)
      return true
    }
    return false
  }

  private sort() {
    const lanes = new Map<string, ClientId[]>()
    const items = [...this.parts.journal.state.all('outbox')].sort((a, b) => a.order - b.order)
    for (const { clientId, target } of items) {
      const key = this.laneOf(target)
      const lane = lanes.get(key)
      if (lane) lane.push(clientId)
      else lanes.set(key, [clientId])
    }
    this.lanes = lanes
  }

  private clearDraft(batch: Batch, target: Target, text: string) {
    for (const key of new Set([targetKey(target), this.laneOf(target)])) {
      const draft = batch.get('draft', key)
      if (draft && draft.text.trim() === text.trim()) putDraft(batch, key, '')
    }
  }
}

function confirmed(
  item: Sending,
  accepted: Accepted,
  conversation: ConversationId,
  me: PersonId,
  other: PersonId | null,
): Entry {
  return {
    conversation,
    place: accepted.place,
    id: accepted.id,
    sender: me,
    ...(other ? { receiver: other } : {}),
    clientId: item.clientId,
    at: accepted.at,
    kind: 'message',
    body: { text: item.text },
  }
}

function requireText(text: string) {
  if (text === '') throw new AppError('invalid_input', 'text')
  if (new TextEncoder().encode(text).length > maxTextBytes) throw new AppError('too_large', 'text')
}
