/** The hours in which nobody is written to, as `HH:MM` of the person’s own day; empty for none. */
export interface QuietHours {
  readonly from: string
  readonly until: string
}

const dayMinutes = 24 * 60

/**
 * When somebody in this time zone (empty: UTC) may be written to again; null where they may be now. Over a change of the clocks it may be
 * an hour off, so it is asked again when the time has come.
 */
export function quietUntil(now: Date, timeZone: string, { from, until }: QuietHours): Date | null {
  if (from === '' || until === '' || from === until) return null
  const [begin, end] = [minutesOf(from), minutesOf(until)]
  const local = minutesOf(localTime(now, timeZone))
  const isQuiet = begin < end ? local >= begin && local < end : local >= begin || local < end
  if (!isQuiet) return null
  const wait = (end - local + dayMinutes) % dayMinutes
  const resumes = new Date(now.getTime() + wait * 60_000)
  resumes.setUTCSeconds(0, 0)
  return resumes
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

function localTime(now: Date, timeZone: string): string {
  const style = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  return new Intl.DateTimeFormat('en-GB', { ...style, timeZone: timeZone || 'UTC' }).format(now)
}
