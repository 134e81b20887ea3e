import type { Permission } from './permissions.ts'
import type { Effects, Reach } from './relationships.ts'

/** A relationship as one of its two sides has it; `forward` where that is the from-side. */
export interface Tie {
  readonly forward: boolean
  readonly fromDate: string | null
  readonly untilDate: string | null
  readonly effects: Effects
}

/** What a tie says about something one may want to do. */
export type Saying = 'grants' | 'does_not_grant' | 'not_yet' | 'expired'

/** The permission that does without any relationship. */
export const withoutTies = { find: 'people.browse', start: 'threads.start' } as const satisfies Record<
  string,
  Permission
>

/** The day of a moment, in UTC. */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10)
}

/** Whether there is such a day: 31 June has the form of one. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  const moment = new Date(`${text}T00:00:00.000Z`)
  return !Number.isNaN(moment.getTime()) && dayOf(moment) === text
}

/** Both ends count. */
function onDay({ fromDate, untilDate }: Pick<Tie, 'fromDate' | 'untilDate'>, day: string): Saying {
  if (fromDate !== null && day < fromDate) return 'not_yet'
  return untilDate !== null && day > untilDate ? 'expired' : 'grants'
}

function reaches(reach: Reach, forward: boolean): boolean {
  return reach === 'both' || reach === (forward ? 'forward' : 'back')
}

/** Whether, by this tie alone, its side may find the other or begin a thread with them today. */
export function saysTie(tie: Tie, act: 'find' | 'start', day: string): Saying {
  return reaches(tie.effects[act], tie.forward) ? onDay(tie, day) : 'does_not_grant'
}

/** Whether, by this tie alone, its side reads the threads of the other today. */
export function saysSupervision(tie: Tie, day: string): Saying {
  return tie.effects.supervises && tie.forward ? onDay(tie, day) : 'does_not_grant'
}

/** Whether somebody with these permissions may find another, with whom these ties bind them. */
export function mayFind(permissions: readonly Permission[], ties: readonly Tie[], day: string): boolean {
  return permissions.includes(withoutTies.find) || ties.some((tie) => saysTie(tie, 'find', day) === 'grants')
}

/** Whether somebody with these permissions may begin a thread with another. In a thread that exists everybody goes on. */
export function mayStart(permissions: readonly Permission[], ties: readonly Tie[], day: string): boolean {
  return permissions.includes(withoutTies.start) || ties.some((tie) => saysTie(tie, 'start', day) === 'grants')
}
