import type { ErrorCode } from '@sotto/protocol/pure'
import { computed } from 'vue'
import { createI18n } from 'vue-i18n'
import { type Catalogue, en } from './en.ts'

type Path<Node, Prefix extends string = ''> = {
  [Key in keyof Node & string]: Node[Key] extends string ? `${Prefix}${Key}` : Path<Node[Key], `${Prefix}${Key}.`>
}[keyof Node & string]

/** The name of a message in the catalogue. */
export type WordKey = Path<Catalogue>

export const testLanguage = 'en-XA'

export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en } as Record<string, Catalogue>,
  missingWarn: import.meta.env?.DEV ?? false,
})

// Given in the address for as long as this tab lives: journeys and translators use it.
const forced = forcedLanguage()

/** The message in the language of the person. With `count`, the form for that number; it fills `{count}` too. */
export function t(key: WordKey, filled: Record<string, string | number> = {}, count?: number): string {
  return count === undefined
    ? i18n.global.t(key, filled)
    : i18n.global.t(key, { count: countWords(count), ...filled }, count)
}

export function errorWords(code: ErrorCode): string {
  return t(`errors.${code}`)
}

/** “Ana, Ben and Carla”. */
export function listWords(names: readonly string[]): string {
  return new Intl.ListFormat(locale.value, { type: 'conjunction' }).format(names)
}

/** A BCP 47 tag for Intl: the language of the words, with the region of the browser where it speaks the same language. */
export const locale = computed<string>(() => {
  const language = i18n.global.locale.value
  return typeof navigator !== 'undefined' && navigator.language.split('-')[0] === language.split('-')[0]
    ? navigator.language
    : language
})

/** Which way the page is written. */
export function direction(): 'ltr' | 'rtl' {
  return document.documentElement.dir === 'rtl' ? 'rtl' : 'ltr'
}

function countWords(count: number): string {
  return new Intl.NumberFormat(locale.value).format(count)
}

/** Shows the app in the language of the settings, or in the one of the browser where they name none. Others than English load now. */
export async function useLanguage(chosen: string): Promise<void> {
  const wanted = forced ?? (chosen || navigator.language)
  const language = wanted === testLanguage ? testLanguage : 'en'
  if (language === testLanguage && !i18n.global.availableLocales.includes(testLanguage)) {
    const { pseudoCatalogue } = await import('./pseudo.ts')
    i18n.global.setLocaleMessage(testLanguage, pseudoCatalogue(en))
  }
  i18n.global.locale.value = language
  document.documentElement.lang = language
}

function forcedLanguage(): string | null {
  if (typeof location === 'undefined') return null
  const asked = new URLSearchParams(location.search).get('lang')
  try {
    if (asked !== null) sessionStorage.setItem('sotto.lang', asked)
    return asked ?? sessionStorage.getItem('sotto.lang')
  } catch {
    return asked
  }
}
