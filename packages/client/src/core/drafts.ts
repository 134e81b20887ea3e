import type { ConversationId } from '@sotto/protocol'
import type { Target } from '#client/api.ts'
import { otherPerson } from './conversation.ts'
import type { Batch, Changes } from './journal.ts'
import type { Clock } from './ports.ts'
import { targetKey } from './records.ts'
import { mayRetry } from './rest.ts'

export interface DraftsParts {
  readonly journal: Changes
  readonly clock: Clock
  readonly request: (type: string, input: object) => Promise<unknown>
  readonly isOpen: () => boolean
  /** The key under which a target’s draft is kept: its conversation where there is one. */
  readonly laneOf: (target: Target) => string
}

/** How long somebody has to pause in typing before the server is told. */
export const draftMs = 1_000
const againMs = 10_000

/** What is typed but not sent: on this device at once, on the server a moment later. */
export class Drafts {
  private readonly parts: DraftsParts
  private readonly timers = new Map<string, () => void>()

  constructor(parts: DraftsParts) {
    this.parts = parts
  }

  connected() {
    for (const key of this.unsent()) this.later(key)
  }

  committed(batch: Batch) {
    for (const key of batch.touched('draft')) if (this.parts.journal.state.get('draft', key)?.unsent) this.later(key)
  }

  stop() {
    for (const cancel of this.timers.values()) cancel()
    this.timers.clear()
  }

  async set(target: Target, text: string) {
    await this.parts.journal.change((batch) => {
      const key = this.parts.laneOf(target)
      const before = batch.get('draft', key)?.text ?? ''
      if (before !== text) putDraft(batch, key, text)
    })
  }

  textFor(target: Target): string | null {
    const { state } = this.parts.journal
    const lane = this.parts.laneOf(target)
    const record = state.get('conversation', lane)
    // What was typed to a person before there was a thread is still kept under the person.
    const earlier = (record && otherPerson(record)) ?? targetKey(target)
    return state.get('draft', lane)?.text || state.get('draft', earlier)?.text || null
  }

  private later(key: string, ms = draftMs) {
    this.timers.get(key)?.()
    this.timers.set(
      key,
      this.parts.clock.after(ms, () => {
        this.timers.delete(key)
        void this.say(key)
      }),
    )
  }

  private async say(key: string) {
    const { journal } = this.parts
    const draft = journal.state.get('draft', key)
    // A person whose thread does not exist yet: the server has no place for this.
    const conversation = journal.state.get('conversation', key)?.id
    if (!draft?.unsent || !conversation || !this.parts.isOpen()) return
    try {
      await this.parts.request('drafts.set', { conversation, text: draft.text || null })
    } catch (error) {
      if (mayRetry(error)) return this.later(key, againMs)
    }
    await this.said(conversation, draft.text).catch(() => {})
  }

  private said(conversation: ConversationId, text: string): Promise<void> {
    return this.parts.journal.change((batch) => {
      // Somebody who typed on has a newer draft that is still to be sent.
      if (batch.get('draft', conversation)?.text !== text) return
      if (text === '') batch.remove('draft', conversation)
      else batch.put('draft', conversation, { text, unsent: false })
    })
  }

  private unsent(): string[] {
    const keys: string[] = []
    for (const [key, draft] of this.parts.journal.state.entriesOf('draft')) if (draft.unsent) keys.push(key)
    return keys
  }
}

/** An empty draft is kept until the server knows that it is empty; without a conversation there is nobody to tell. */
export function putDraft(batch: Batch, key: string, text: string) {
  const record = batch.get('conversation', key)
  const earlier = record && otherPerson(record)
  if (earlier) batch.remove('draft', earlier)
  if (text === '' && !record) batch.remove('draft', key)
  else batch.put('draft', key, { text, unsent: true })
}
