import type { ConversationId, Head, Permission, PushFrame } from '@sotto/protocol'
import { AppError } from '@sotto/protocol/pure'
import { FramesByPost } from './frames-by-post.ts'
import { abnormalClose, type OpenLink } from './link.ts'
import type { Clock } from './ports.ts'
import type { Rest } from './rest.ts'

interface PollAnswer {
  readonly frames: readonly PushFrame[]
  readonly heads: readonly Head[]
  readonly board: number
  readonly permissions: readonly Permission[]
}

/** The server answers after 25 s at the latest. */
const pollMs = 40_000
/** So that a server that answers at once for ever is not asked without a pause. */
const pauseMs = 50

/** Links over long polling: where nothing else gets through. `board` is the revision to listen from. */
export function pollLinks(rest: Rest, clock: Clock, board: () => number): OpenLink {
  return (token, events) => {
    const frames = new FramesByPost(rest, token)
    const abort = new AbortController()
    const cursors = { board: board(), heads: {} as Record<ConversationId, number> }
    let live = true

    function told(heads: readonly Head[], revision: number | null, permissions?: readonly Permission[]) {
      if (revision !== null) cursors.board = Math.max(cursors.board, revision)
      for (const { conversation, head } of heads) cursors.heads[conversation] = head
      events.stands({ heads, board: revision, ...(permissions && { permissions }) })
    }

    async function listen() {
      const { heads } = (await frames.request('conversations.heads', {})) as { readonly heads: readonly Head[] }
      if (!live) return
      told(heads, null)
      events.opened()
      while (live) {
        const request = { method: 'POST', path: '/poll', token: frames.token, body: cursors, timeoutMs: pollMs }
        const answer = (await (await rest.send(request, abort.signal)).json()) as PollAnswer
        if (!live) return
        for (const frame of answer.frames) events.pushed(frame)
        told(answer.heads, answer.board, answer.permissions)
        await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
      }
    }

    function close() {
      live = false
      abort.abort()
    }

    listen().catch((error) => {
      if (!live) return
      close()
      const refused = error instanceof AppError && error.about !== 'network' && error.about !== 'proxy'
      events.ended({ code: abnormalClose, reason: '', refusal: refused ? error : null })
    })

    return {
      request: (type, input) => frames.request(type, input),
      async renew(renewed) {
        frames.token = renewed
      },
      close,
    }
  }
}
