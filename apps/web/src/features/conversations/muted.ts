import type { ConversationCard } from '@sotto/protocol'

/** Minutes until eight o’clock tomorrow morning. */
export function minutesUntilTomorrow(now: Date): number {
  const morning = new Date(now)
  morning.setDate(morning.getDate() + 1)
  morning.setHours(8, 0, 0, 0)
  return Math.ceil((morning.getTime() - now.getTime()) / 60_000)
}

/** Whether it announces nothing now. */
export function isMuted({ mutedUntil }: Pick<ConversationCard, 'mutedUntil'>, now: Date): boolean {
  return mutedUntil !== null && Date.parse(mutedUntil) > now.getTime()
}
