import { onScopeDispose, shallowRef } from 'vue'
import { locale, t } from './t.ts'
import * as time from './time.ts'

// One clock for all: it moves at the turn of each minute, so "today" becomes "yesterday" by itself.
const now = shallowRef(new Date())
let users = 0
let timer: ReturnType<typeof setTimeout> | undefined

/** The current minute, reactive while a component uses it. */
export function useNow(): typeof now {
  users++
  if (users === 1) tick()
  onScopeDispose(() => {
    users--
    if (users === 0) clearTimeout(timer)
  })
  return now
}

function tick(): void {
  now.value = new Date()
  timer = setTimeout(tick, 60_000 - (Date.now() % 60_000) + 50)
}

export function clockWords(at: string | Date, timeZone?: string): string {
  return t('time.clock', { time: time.clock(new Date(at), locale.value, timeZone) })
}

export function exactWords(at: string): string {
  return t('time.exact', { time: time.exactTime(new Date(at), locale.value) })
}

export function momentWords(at: string): string {
  return t('time.exact', { time: time.dateAndTime(new Date(at), locale.value) })
}

/** A length of time in its largest whole unit. */
export function durationWords(seconds: number): string {
  return t('time.exact', { time: time.duration(seconds, locale.value) })
}

export function dayWords(at: string): string {
  const words = time.dayWords(new Date(at), now.value, locale.value)
  return words.kind === 'day' ? t('time.day', { day: words.day }) : t(`time.${words.kind}`)
}

export function listTimeWords(at: string): string {
  const words = time.listTime(new Date(at), now.value, locale.value)
  return words.kind === 'yesterday' ? t('time.yesterday') : t('time.clock', { time: words.words })
}
