import type { ConversationId, Reply } from '@sotto/protocol'
import { takeAlterations } from './arrivals.ts'
import type { Changes } from './journal.ts'
import { asTold, nothingTold } from './pins.ts'
import type { Clock } from './ports.ts'

export interface PinRequestsParts {
  readonly journal: Changes
  readonly clock: Clock
  readonly request: (type: string, input: object) => Promise<unknown>
  readonly isOpen: () => boolean
  /** What could not be had may be asked for again. */
  readonly again: () => void
}

/** Pause after an answer that did not come. */
const restMs = 3_000

/** Asks for what is pinned in conversations that somebody looks at. From then on the entries tell. */
export class PinRequests {
  private readonly parts: PinRequestsParts
  private readonly underway = new Set<ConversationId>()
  private cancelRest = () => {}

  constructor(parts: PinRequestsParts) {
    this.parts = parts
  }

  /** Answers of an earlier connection do not come any more. */
  connected() {
    this.stop()
  }

  stop() {
    this.cancelRest()
    this.underway.clear()
  }

  need(conversation: ConversationId) {
    if (this.underway.has(conversation) || !this.parts.isOpen()) return
    this.underway.add(conversation)
    void this.ask(conversation)
  }

  private async ask(conversation: ConversationId) {
    try {
      // What comes from here on is kept until the answer is there, which may be older.
      await this.parts.journal.change((batch) => {
        if (batch.get('conversation', conversation) && !batch.get('pins', conversation))
          batch.put('pins', conversation, nothingTold(conversation))
      })
      const reply = (await this.parts.request('messages.pins', { conversation })) as Reply<'messages.pins'>
      await this.parts.journal.change((batch) => {
        // Taken out while the answer was on its way.
        if (!batch.get('conversation', conversation)) return
        takeAlterations(batch, reply.about)
        batch.put('pins', conversation, asTold(conversation, reply, batch.get('pins', conversation)))
      })
      this.underway.delete(conversation)
    } catch {
      this.cancelRest()
      this.cancelRest = this.parts.clock.after(restMs, () => {
        this.underway.clear()
        this.parts.again()
      })
    }
  }
}
