import type { ConversationId, EntryId, Reply } from '@sotto/protocol'
import type { Pin } from '#client/api.ts'
import type { Alteration, PinMark, PinsRecord } from './records.ts'

export function nothingTold(conversation: ConversationId): PinsRecord {
  return { conversation, at: 0, marks: [], messages: [] }
}

/** What the server said, and what entries have said since. */
export function asTold(
  conversation: ConversationId,
  { pins, head }: Reply<'messages.pins'>,
  before: PinsRecord | undefined,
): PinsRecord {
  const messages = pins.flatMap(({ message }): Pin[] =>
    message.kind === 'message'
      ? [{ message: message.id, place: message.place, sender: message.sender, at: message.at, text: message.body.text }]
      : [],
  )
  const told: PinsRecord = {
    conversation,
    at: head,
    marks: pins.map(({ message, place }) => ({ message: message.id, place, pinned: true })),
    messages,
  }
  return (before?.marks ?? []).filter((mark) => mark.place > head).reduce(withMark, told)
}

/** The same whatever order marks come in: of each message the newest counts. What is not pinned is not kept. */
export function withMark(pins: PinsRecord, mark: PinMark): PinsRecord {
  if (mark.place <= pins.at) return pins
  const known = pins.marks.find(({ message }) => message === mark.message)
  if (known && known.place >= mark.place) return pins
  return {
    ...pins,
    marks: [...pins.marks.filter((one) => one !== known), mark],
    messages: mark.pinned ? pins.messages : pins.messages.filter(({ message }) => message !== mark.message),
  }
}

/** Whether the server has not told, there is a pinned message of which nothing is known, or entries that were never had may tell: see `follow`. */
export function lacks({ at, marks, messages }: PinsRecord, since: number): boolean {
  if (at === 0 || since > at + 1) return true
  return marks.some(({ message, pinned }) => pinned && !messages.some((one) => one.message === message))
}

export function shownPins(
  { marks, messages }: PinsRecord,
  alterationOf: (message: EntryId) => Alteration | undefined,
): readonly Pin[] {
  return [...marks]
    .sort((a, b) => b.place - a.place)
    .flatMap(({ message, pinned }) => {
      const shown = pinned && messages.find((one) => one.message === message)
      const altered = alterationOf(message)
      return shown && !altered?.deleted ? [{ ...shown, text: altered?.text ?? shown.text }] : []
    })
}
