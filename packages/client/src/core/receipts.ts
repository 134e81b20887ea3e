import type { ConversationId } from '@sotto/protocol'
import { AppError } from '@sotto/protocol/pure'
import { conversationOf, putConversation } from './arrivals.ts'
import { deliveredPlace, tellsReceipts, withRead, withSeen } from './conversation.ts'
import type { Batch, Changes } from './journal.ts'
import type { Clock } from './ports.ts'
import type { ConversationRecord } from './records.ts'
import { mayRetry } from './rest.ts'

export interface ReceiptsParts {
  readonly journal: Changes
  readonly clock: Clock
  readonly request: (type: string, input: object) => Promise<unknown>
  readonly isOpen: () => boolean
}

/** The least time between two reports of one conversation. */
export const reportMs = 500
/** So that coming back after a long time does not flood the server. */
const reportsAtOnce = 8

/** Tells the server how far this device holds and how far the person has read: the latest place only, each as often as needed. */
export class Receipts {
  private readonly parts: ReceiptsParts
  private readonly due = new Set<ConversationId>()
  private readonly underway = new Set<ConversationId>()
  private cancelTimer: (() => void) | null = null
  private era = 0

  constructor(parts: ReceiptsParts) {
    this.parts = parts
  }

  connected() {
    this.era++
    this.underway.clear()
    for (const record of this.parts.journal.state.all('conversation')) if (isDue(record)) this.due.add(record.id)
    this.later()
  }

  committed(batch: Batch) {
    for (const id of batch.touched('conversation') as ConversationId[]) {
      const record = this.parts.journal.state.get('conversation', id)
      if (record && isDue(record)) this.due.add(id)
    }
    this.later()
  }

  async markRead(conversation: ConversationId, place: number) {
    await this.parts.journal.change((batch) => {
      const record = batch.get('conversation', conversation)
      // A place nobody has given yet is none that was seen.
      if (record) putConversation(batch, withSeen(record, Math.min(place, record.head)))
    })
  }

  stop() {
    this.cancelTimer?.()
    this.cancelTimer = null
  }

  private later() {
    if (this.cancelTimer || this.due.size === 0 || !this.parts.isOpen()) return
    this.cancelTimer = this.parts.clock.after(reportMs, () => {
      this.cancelTimer = null
      this.flush()
    })
  }

  private flush() {
    if (!this.parts.isOpen()) return
    for (const id of this.due) {
      if (this.underway.size >= reportsAtOnce) break
      if (this.underway.has(id)) continue
      this.due.delete(id)
      void this.report(id)
    }
    this.later()
  }

  private async report(id: ConversationId) {
    const { era } = this
    this.underway.add(id)
    try {
      const record = this.parts.journal.state.get('conversation', id)
      if (record && readIsDue(record)) await this.say('receipts.read', id, record.seen)
      if (record && deliveredIsDue(record)) await this.say('receipts.delivered', id, deliveredPlace(record))
    } catch {
      if (era === this.era) this.due.add(id)
    } finally {
      if (era === this.era) {
        this.underway.delete(id)
        this.later()
      }
    }
  }

  private async say(type: 'receipts.read' | 'receipts.delivered', conversation: ConversationId, place: number) {
    try {
      await this.parts.request(type, { conversation, place })
    } catch (error) {
      // A refusal for good would come again and again: count it as said.
      if (mayRetry(error) || !(error instanceof AppError)) throw error
    }
    await this.parts.journal.change((batch) => {
      const record = conversationOf(batch, conversation)
      if (type === 'receipts.read') putConversation(batch, withRead(record, place))
      else if (place > record.reported) putConversation(batch, { ...record, reported: place })
    })
  }
}

function isDue(record: ConversationRecord): boolean {
  return readIsDue(record) || deliveredIsDue(record)
}

function readIsDue(record: ConversationRecord): boolean {
  return record.seen > record.read
}

function deliveredIsDue(record: ConversationRecord): boolean {
  if (!tellsReceipts(record)) return false
  const place = deliveredPlace(record)
  return record.foreign > record.reported && place > record.reported
}
