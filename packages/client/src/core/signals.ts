import type { ConversationId, PersonId, PushFrame } from '@sotto/protocol'
import { typingMs } from '@sotto/protocol/pure'
import type { Clock } from './ports.ts'

export type Presence = 'online' | 'away' | 'offline'

export interface SignalsParts {
  readonly clock: Clock
  readonly request: (type: string, input: object) => Promise<unknown>
  readonly isOpen: () => boolean
  readonly typingChanged: (conversation: ConversationId) => void
  readonly presenceChanged: () => void
}

/** Saying "typing" again this soon tells nobody anything. */
const typingAgainMs = typingMs / 2
const maxWatched = 200
const nobody: readonly PersonId[] = []

/** What matters only while it happens: who is typing, who is there. Nothing of it is stored. */
export class Signals {
  private readonly parts: SignalsParts
  private readonly typing = new Map<ConversationId, Map<PersonId, () => void>>()
  /** The same list until it changes. */
  private readonly typingLists = new Map<ConversationId, readonly PersonId[]>()
  private readonly saidTyping = new Map<ConversationId, number>()
  private presence = new Map<PersonId, Presence>()
  private watched: readonly PersonId[] = []
  private mine: 'online' | 'away' | null = null

  constructor(parts: SignalsParts) {
    this.parts = parts
  }

  connected() {
    this.saidTyping.clear()
    if (this.mine) this.say('presence.set', { state: this.mine })
    if (this.watched.length > 0) void this.askPresence()
  }

  disconnected() {
    for (const [conversation, people] of this.typing)
      for (const person of people.keys()) this.stoppedTyping(conversation, person)
    if (this.presence.size > 0) {
      this.presence = new Map()
      this.parts.presenceChanged()
    }
  }

  pushed(frame: Extract<PushFrame, { type: 'typing' | 'presence' }>) {
    if (frame.type === 'presence') return this.takePresence(frame.people)
    this.stoppedTyping(frame.conversation, frame.person)
    if (!frame.active) return
    const cancel = this.parts.clock.after(typingMs, () => this.stoppedTyping(frame.conversation, frame.person))
    const people = this.typing.get(frame.conversation) ?? new Map<PersonId, () => void>()
    this.typing.set(frame.conversation, people.set(frame.person, cancel))
    this.list(frame.conversation)
  }

  /** Also when their message came: then they are done. */
  stoppedTyping(conversation: ConversationId, person: PersonId) {
    const people = this.typing.get(conversation)
    const cancel = people?.get(person)
    if (!people || !cancel) return
    cancel()
    people.delete(person)
    if (people.size === 0) this.typing.delete(conversation)
    this.list(conversation)
  }

  typingIn(conversation: ConversationId): readonly PersonId[] {
    return this.typingLists.get(conversation) ?? nobody
  }

  presenceOf(person: PersonId): Presence | null {
    return this.presence.get(person) ?? null
  }

  setTyping(conversation: ConversationId, active: boolean) {
    const said = this.saidTyping.get(conversation)
    const now = this.parts.clock.now()
    if (active ? said !== undefined && now - said < typingAgainMs : said === undefined) return
    if (active) this.saidTyping.set(conversation, now)
    else this.saidTyping.delete(conversation)
    this.say('typing.set', { conversation, active })
  }

  setPresence(state: 'online' | 'away') {
    if (this.mine === state) return
    this.mine = state
    this.say('presence.set', { state })
  }

  /** Follows the presence of these people and of nobody else. */
  watch(people: readonly PersonId[]) {
    const next = people.slice(0, maxWatched).sort()
    if (next.join() === this.watched.join()) return
    this.watched = next
    void this.askPresence()
  }

  private list(conversation: ConversationId) {
    const people = this.typing.get(conversation)
    if (people) this.typingLists.set(conversation, [...people.keys()])
    else this.typingLists.delete(conversation)
    this.parts.typingChanged(conversation)
  }

  private async askPresence() {
    const asked = this.watched
    if (!this.parts.isOpen()) return
    try {
      const reply = (await this.parts.request('presence.watch', { people: asked })) as {
        readonly people: readonly { readonly person: PersonId; readonly state: Presence }[]
      }
      if (asked === this.watched) this.takePresence(reply.people)
    } catch {
      // The next connection asks again.
    }
  }

  private takePresence(people: readonly { readonly person: PersonId; readonly state: Presence }[]) {
    for (const { person, state } of people) this.presence.set(person, state)
    this.parts.presenceChanged()
  }

  private say(type: string, input: object) {
    if (this.parts.isOpen()) this.parts.request(type, input).catch(() => {})
  }
}
