import type { PushFrame, Welcome } from '@sotto/protocol'
import { AppError, pingMs } from '@sotto/protocol/pure'
import { FramesByPost } from './frames-by-post.ts'
import { abnormalClose, type OpenLink } from './link.ts'
import type { Clock } from './ports.ts'
import type { Rest } from './rest.ts'

/** The server sends a comment at least this often when there is nothing to say. */
const silenceMs = pingMs * 2.5

/** Links over server-sent events, with commands by POST: where a proxy lets no WebSocket through. */
export function eventLinks(rest: Rest, clock: Clock): OpenLink {
  return (token, events) => {
    const frames = new FramesByPost(rest, token)
    const abort = new AbortController()
    let live = true
    let cancelSilence = () => {}

    async function listen() {
      const response = await rest.send({ method: 'GET', path: '/events', token }, abort.signal)
      if (!response.body) throw new AppError('unavailable', 'network')
      let isOpen = false
      for await (const data of eventData(response.body, heard)) {
        if (!live) return
        const frame = JSON.parse(data) as PushFrame | ({ readonly type: 'welcome' } & Welcome)
        if (frame.type !== 'welcome') events.pushed(frame)
        else {
          events.stands(frame)
          if (!isOpen) events.opened()
          isOpen = true
        }
      }
    }

    function heard() {
      cancelSilence()
      if (live) cancelSilence = clock.after(silenceMs, () => end(null))
    }

    function end(refusal: AppError | null) {
      if (!live) return
      close()
      events.ended({ code: abnormalClose, reason: '', refusal })
    }

    function close() {
      live = false
      cancelSilence()
      abort.abort()
    }

    heard()
    listen().then(
      () => end(null),
      (error) => end(error instanceof AppError && error.about !== 'network' && error.about !== 'proxy' ? error : null),
    )

    return {
      request: (type, input) => frames.request(type, input),
      // The stream goes on as long as the server lets it; only the commands need the new token.
      async renew(renewed) {
        frames.token = renewed
      },
      close,
    }
  }
}

/** The `data` of each event of an event stream (HTML standard, 9.2.6); `heard` is called for every piece that comes, comments too. */
export async function* eventData(body: ReadableStream<Uint8Array>, heard: () => void): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let rest = ''
  let data: string[] = []
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      heard()
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/)
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5))
        else if (line === '' && data.length > 0) {
          yield data.join('\n')
          data = []
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}
