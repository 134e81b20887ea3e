import type { ConversationId, Span } from '@sotto/protocol'

/** What one `messages.pull` may ask for. */
export const maxPullEntries = 2_000
export const maxPullSpans = 100
/** A screen or so of each conversation before more of any. */
const smallShare = 40
/** So that the first answer for a single conversation comes soon. */
const largeShare = 500

export interface PullSpan {
  readonly conversation: ConversationId
  readonly from: number
  readonly to: number
  readonly newestFirst: true
}

/** The next request: the newest part of what each conversation lacks, in equal shares. Earlier conversations matter more. */
export function planPull(
  lacks: readonly { readonly conversation: ConversationId; readonly holes: readonly Span[] }[],
): PullSpan[] {
  const share = Math.min(largeShare, Math.max(smallShare, Math.floor(maxPullEntries / Math.max(lacks.length, 1))))
  const spans: PullSpan[] = []
  let left = maxPullEntries
  for (const { conversation, holes } of lacks) {
    let mine = Math.min(share, left)
    for (const hole of holes.toReversed()) {
      if (mine <= 0 || spans.length >= maxPullSpans) break
      const from = Math.max(hole.from, hole.to - mine + 1)
      spans.push({ conversation, from, to: hole.to, newestFirst: true })
      mine -= hole.to - from + 1
      left -= hole.to - from + 1
    }
    if (left <= 0 || spans.length >= maxPullSpans) break
  }
  return spans
}

export function sizeOf(spans: readonly Span[]): number {
  return spans.reduce((sum, span) => sum + span.to - span.from + 1, 0)
}
