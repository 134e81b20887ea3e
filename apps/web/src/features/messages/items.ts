import type { Row } from '@sotto/client'
import type { PersonId } from '@sotto/protocol'
import { dayNumber } from '#words/time.ts'

const groupMs = 5 * 60_000

export type Event = Exclude<Row, { kind: 'message' }>

/** One line of the list: a row with what stands around it. */
export type Item =
  | { readonly kind: 'start'; readonly key: 'start' }
  | {
      readonly kind: 'row'
      readonly key: string
      readonly row: Row
      /** More of the same that one person did without anything between, told in one line with it. */
      readonly also: readonly Event[]
      /** A day separator stands above it. */
      readonly startsDay: boolean
      /** The divider before the first unread stands above it. */
      readonly startsNew: boolean
      readonly startsGroup: boolean
      readonly endsGroup: boolean
      /** The last of one’s own messages, under which its state is shown. */
      readonly lastOfMine: boolean
      /** It waits until one that was refused before it is sent or thrown away. */
      readonly held: boolean
    }

export type RowItem = Extract<Item, { kind: 'row' }>

export interface ItemsInput {
  readonly rows: readonly Row[]
  readonly me: PersonId
  /** Of many people: there it is told who came and what changed, but to who reads along not that they do. */
  readonly many: boolean
  readonly atStart: boolean
  readonly atEnd: boolean
  /** Place of the first message that was unread when the conversation was opened. */
  readonly newFrom: number | null
}

/** The rows with day separators, the "new" divider, and messages of one person within five minutes grouped. */
export function makeItems({ rows: all, me, many, atStart, atEnd, newFrom }: ItemsInput): Item[] {
  const rows = all.filter((row) => !saysWhatTheStartSays(row, me, many))
  // In a window that ends before the conversation does, the last one is elsewhere.
  const lastOfMine = !atEnd
    ? -1
    : rows.findLastIndex((row) => row.kind === 'message' && row.sender === me && row.state !== 'failed' && !row.deleted)
  const failedIndex = rows.findIndex((row) => row.kind === 'message' && row.state === 'failed')
  const newIndex = newFrom === null ? -1 : rows.findIndex((row) => row.place !== null && row.place >= newFrom)
  // A divider above the very first row of a window that goes on upwards would be the divider of nothing.
  const startsDayAt = (index: number): boolean => {
    const row = rows[index]
    const before = rows[index - 1]
    if (!row) return false
    return before ? dayNumber(new Date(row.at)) !== dayNumber(new Date(before.at)) : atStart
  }
  const startsGroupAt = (index: number): boolean => {
    const row = rows[index]
    const before = rows[index - 1]
    if (!row || !before || row.kind !== 'message' || before.kind !== 'message') return true
    if (row.sender !== before.sender || before.state === 'failed') return true
    if (startsDayAt(index) || index === newIndex) return true
    return Date.parse(row.at) - Date.parse(before.at) > groupMs
  }
  const items = rows.map(
    (row, index): RowItem => ({
      kind: 'row',
      key: row.key,
      row,
      also: [],
      startsDay: startsDayAt(index),
      startsNew: index === newIndex,
      startsGroup: startsGroupAt(index),
      endsGroup: index === rows.length - 1 || startsGroupAt(index + 1),
      lastOfMine: index === lastOfMine,
      held: failedIndex !== -1 && index > failedIndex && row.kind === 'message' && row.state === 'waiting',
    }),
  )
  const folded = fold(items)
  return atStart ? [{ kind: 'start', key: 'start' }, ...folded] : folded
}

/** Many whom one person added or removed are one line. It keeps the key of its first row while further ones come. */
function fold(items: readonly RowItem[]): RowItem[] {
  const lines: RowItem[] = []
  for (const item of items) {
    const before = lines.at(-1)
    if (before && item.row.kind !== 'message' && goesOn(before, item))
      lines[lines.length - 1] = { ...before, also: [...before.also, item.row], endsGroup: item.endsGroup }
    else lines.push(item)
  }
  return lines
}

function goesOn({ row: first }: RowItem, { row, startsDay, startsNew }: RowItem): boolean {
  if ((first.kind !== 'joined' && first.kind !== 'left') || row.kind !== first.kind || startsDay || startsNew)
    return false
  return row.by === first.by && !isOwnDeed(row) && !isOwnDeed(first)
}

/** Whoever comes, goes or reads along by themselves. */
function isOwnDeed(row: Extract<Row, { kind: 'joined' | 'left' }>): boolean {
  return row.by === row.person || row.supervisor
}

/** The last of what a line tells. */
export function lastRowOf({ row, also }: RowItem): Row {
  return also.at(-1) ?? row
}

/** How a thread came to be is told once, above its first row. Who comes later is news. */
function saysWhatTheStartSays(row: Row, me: PersonId, many: boolean): boolean {
  if (row.kind === 'created') return true
  if (row.kind !== 'joined') return false
  return many ? row.supervisor && row.person === me : row.place === 2
}

export interface Step<Keyed> {
  readonly items: readonly Keyed[]
  /** The step adds or removes at the start only, so the position is kept from the end. */
  readonly shift: boolean
}

/**
 * How a list gets from what it shows to what it shall show so that what is under the reader’s eyes stays where it is: first everything
 * at and behind the common part, then what goes from the start, then what comes before it. Null when nothing is in common.
 */
export function planUpdate<Keyed extends { readonly key: string }>(
  shown: readonly Keyed[],
  next: readonly Keyed[],
): readonly Step<Keyed>[] | null {
  if (shown.length === 0 || next.length === 0) return shown.length === next.length ? [] : null
  const places = new Map(next.map((item, index) => [item.key, index]))
  const firstShown = shown.findIndex((item) => places.has(item.key))
  if (firstShown === -1) return null
  const firstNext = places.get((shown[firstShown] as Keyed).key) as number
  const steps: Step<Keyed>[] = [{ items: [...shown.slice(0, firstShown), ...next.slice(firstNext)], shift: false }]
  if (firstShown > 0) steps.push({ items: next.slice(firstNext), shift: true })
  if (firstNext > 0) steps.push({ items: next, shift: true })
  return steps
}
