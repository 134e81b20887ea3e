import type { ConversationId, Pong } from '@sotto/protocol'
import type { Audience, Bus, Notice } from '#platform/bus'
import type { Actor, Link } from '#platform/feature'
import { encodeTextFrame } from './frame.ts'

/** A connection that listens. */
export interface Listener extends Link {
  readonly actor: Actor
  /** The conversations it listens to, at first `nowhere`; kept by the fan-out. */
  conversations: ReadonlySet<ConversationId>
  /** `frame` is ready for the socket; the same bytes go to everyone. */
  deliver(frame: Buffer, mayDrop: boolean): void
  /** The session has ended: says so and closes. */
  end(): void
}

/** Hints to a conversation are left out where more than this many connections listen. */
const maxHinted = 200

/** Shared by all that listen to no conversation. */
export const nowhere: ReadonlySet<ConversationId> = new Set()

interface Topic {
  readonly listeners: Set<Listener>
  /** The last place (of a person: the last revision of their board) that was announced here, and when (epoch milliseconds). */
  head: number
  headAt: number
}

/** Who listens to what on this server, and the delivery of committed news to them. */
export interface Fanout {
  /** From now on the connection hears its person and these conversations. */
  join(listener: Listener, conversations: readonly ConversationId[]): void
  /** From now on the connection hears this conversation no more. */
  forget(listener: Listener, conversation: ConversationId): void
  leave(listener: Listener): void
  /** What moved since then, for heartbeats to repeat: the heads of a connection’s conversations, and its board. */
  movedSince(listener: Listener, since: number): Pong
  count(): { readonly connections: number; readonly deliveries: number }
}

export function openFanout(bus: Bus): Fanout {
  const topics = new Map<Audience, Topic>()
  const everyone = new Set<Listener>()
  let deliveries = 0
  bus.subscribe(hear)

  function hear(notice: Notice) {
    if (notice.kind === 'frame') {
      const topic = topics.get(notice.audience)
      if (!topic) return
      if (notice.head !== undefined && notice.head > topic.head) {
        topic.head = notice.head
        topic.headAt = Date.now()
      }
      // Who types is of use among a few: in a large room it would be a stream of frames to everybody.
      if (notice.mayDrop && topic.listeners.size > maxHinted && notice.audience.startsWith('c:')) return
      // Framed once; every socket writes the same bytes.
      const frame = encodeTextFrame(notice.frame)
      for (const listener of topic.listeners) listener.deliver(frame, notice.mayDrop)
      deliveries += topic.listeners.size
    } else if (notice.kind === 'seat') {
      for (const listener of topics.get(`p:${notice.person}`)?.listeners ?? []) {
        if (notice.seated) listen(listener, notice.conversation)
        else forget(listener, notice.conversation)
      }
    } else if (notice.kind === 'ended') {
      const ended = new Set(notice.sessions)
      for (const listener of everyone) if (ended.has(listener.actor.session)) listener.end()
    }
  }

  function enter(audience: Audience, listener: Listener) {
    let topic = topics.get(audience)
    if (!topic) {
      topic = { listeners: new Set(), head: 0, headAt: 0 }
      topics.set(audience, topic)
    }
    topic.listeners.add(listener)
  }

  function exit(audience: Audience, listener: Listener) {
    const topic = topics.get(audience)
    topic?.listeners.delete(listener)
    if (topic?.listeners.size === 0) topics.delete(audience)
  }

  function listen(listener: Listener, conversation: ConversationId) {
    if (listener.conversations === nowhere) listener.conversations = new Set()
    ;(listener.conversations as Set<ConversationId>).add(conversation)
    enter(`c:${conversation}`, listener)
  }

  function forget(listener: Listener, conversation: ConversationId) {
    if (listener.conversations !== nowhere) (listener.conversations as Set<ConversationId>).delete(conversation)
    exit(`c:${conversation}`, listener)
  }

  return {
    join(listener, conversations) {
      everyone.add(listener)
      enter(`p:${listener.actor.person}`, listener)
      for (const conversation of conversations) listen(listener, conversation)
    },
    forget,
    leave(listener) {
      everyone.delete(listener)
      exit(`p:${listener.actor.person}`, listener)
      for (const conversation of [...listener.conversations]) forget(listener, conversation)
    },
    movedSince(listener, since) {
      const moved: { conversation: ConversationId; head: number }[] = []
      for (const conversation of listener.conversations) {
        const topic = topics.get(`c:${conversation}`)
        if (topic && topic.head > 0 && topic.headAt >= since) moved.push({ conversation, head: topic.head })
      }
      const person = topics.get(`p:${listener.actor.person}`)
      return { heads: moved, ...(person && person.head > 0 && person.headAt >= since && { board: person.head }) }
    },
    count: () => ({ connections: everyone.size, deliveries }),
  }
}
