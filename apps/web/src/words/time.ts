/** Times as words. Pure: the moment and the language come in. */

const formats = new Map<string, Intl.DateTimeFormat>()

function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${JSON.stringify(options)}`
  let found = formats.get(key)
  if (!found) {
    found = new Intl.DateTimeFormat(locale, options)
    formats.set(key, found)
  }
  return found
}

/** Hour and minute. */
export function clock(at: Date, locale: string, timeZone?: string): string {
  return format(locale, { hour: 'numeric', minute: '2-digit', ...(timeZone ? { timeZone } : {}) }).format(at)
}

/** Date and time to the second, for those who want to know exactly. */
export function exactTime(at: Date, locale: string): string {
  return format(locale, { dateStyle: 'full', timeStyle: 'medium' }).format(at)
}

export function dateAndTime(at: Date, locale: string): string {
  return format(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(at)
}

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

/** A length of time in the largest unit that measures it without a rest: 90 seconds, 5 minutes, 7 days. */
export function duration(seconds: number, locale: string): string {
  const [unit, length] = units.find(([, length]) => seconds % length === 0) ?? ['second', 1]
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(seconds / length)
}

/** A number for the local day, the same for two moments of one day. */
export function dayNumber(at: Date): number {
  return Math.floor((at.getTime() - at.getTimezoneOffset() * 60_000) / 86_400_000)
}

export type DayWords = { readonly kind: 'today' | 'yesterday' } | { readonly kind: 'day'; readonly day: string }

/** The day of a separator: today, yesterday, a weekday with its date, and the year where it is another one. */
export function dayWords(at: Date, now: Date, locale: string): DayWords {
  const days = dayNumber(now) - dayNumber(at)
  if (days === 0) return { kind: 'today' }
  if (days === 1) return { kind: 'yesterday' }
  const sameYear = at.getFullYear() === now.getFullYear()
  return {
    kind: 'day',
    day: format(locale, {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      ...(sameYear ? {} : { year: 'numeric' }),
    }).format(at),
  }
}

export type ListTime = { readonly kind: 'yesterday' } | { readonly kind: 'clock' | 'day'; readonly words: string }

/** The short time of a list: the clock today, then yesterday, the weekday within a week, the date before. */
export function listTime(at: Date, now: Date, locale: string): ListTime {
  const days = dayNumber(now) - dayNumber(at)
  if (days <= 0) return { kind: 'clock', words: clock(at, locale) }
  if (days === 1) return { kind: 'yesterday' }
  if (days < 7) return { kind: 'day', words: format(locale, { weekday: 'short' }).format(at) }
  const sameYear = at.getFullYear() === now.getFullYear()
  return {
    kind: 'day',
    words: format(locale, { day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }) }).format(at),
  }
}
