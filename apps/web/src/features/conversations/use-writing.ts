import type { ConversationWindow } from '@sotto/client'
import type { PersonId } from '@sotto/protocol'
import { computed, onScopeDispose, ref, watchEffect } from 'vue'
import { t } from '#words/t.ts'
import { clockWords, durationWords, momentWords } from '#words/when.ts'
import { isSupervised } from './pairs.ts'

/** Timers take no longer time than this. */
const longestTimerMs = 2 ** 31 - 1

/** Why nobody of my kind writes here now, or null; and what slow mode asks for. */
export function useWriting(win: () => ConversationWindow | undefined, me: () => PersonId) {
  const now = ref(Date.now())
  let timer: ReturnType<typeof setTimeout> | undefined
  const silencedUntil = computed(() => Date.parse(win()?.silencedUntil ?? '') || 0)
  const slowUntil = computed(() => {
    const { details, card, rows } = win() ?? {}
    if (!details?.slowSeconds || card?.role !== 'member') return 0
    const mine = rows?.findLast((row) => row.kind === 'message' && row.sender === me() && row.place !== null)
    return mine ? Date.parse(mine.at) + details.slowSeconds * 1_000 : 0
  })
  // Looks at the clock again when one of them has passed.
  watchEffect(() => {
    clearTimeout(timer)
    const next = [silencedUntil.value, slowUntil.value].filter((at) => at > now.value).sort((a, b) => a - b)[0]
    if (next === undefined) return
    timer = setTimeout(
      () => {
        now.value = Date.now()
      },
      Math.min(Math.max(next - Date.now(), 0) + 50, longestTimerMs),
    )
  })
  onScopeDispose(() => clearTimeout(timer))

  const stopped = computed(() => {
    const value = win()
    if (!value?.card || !value.details) return null
    if (value.details.closed) return t('composer.closed')
    if (isSupervised(value.card)) return t('composer.supervisor')
    if (!value.mayPost) {
      const { post } = value.details.rights
      return t(
        post === 'member' ? 'composer.reader' : post === 'owner' ? 'composer.postOwner' : 'composer.postModerator',
      )
    }
    if (silencedUntil.value > now.value)
      return t('composer.silenced', { time: momentWords(new Date(silencedUntil.value).toISOString()) })
    return null
  })
  const slow = computed(() => {
    const value = win()
    if (!value?.details?.slowSeconds || value.card?.role !== 'member') return ''
    return slowUntil.value > now.value
      ? t('composer.slowUntil', { time: clockWords(new Date(slowUntil.value)) })
      : t('composer.slow', { time: durationWords(value.details.slowSeconds) })
  })
  return { stopped, slow }
}
