import { EventEmitter, once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Head, Permission, PushFrame, Welcome } from '@sotto/protocol'
import { pingMs } from '@sotto/protocol/pure'
import type { Actor } from '#platform/feature'
import { type Listener, nowhere } from './fanout.ts'
import { textOf } from './frame.ts'

/** What a connection that only listens needs from the edge. */
export interface StreamPorts {
  readonly welcome: (listener: Listener) => Promise<Welcome>
  readonly part: (listener: Listener) => void
}

const maxUnsentBytes = 1024 * 1024

/** Server-sent events: the welcome first, then every push frame, until either side closes or the token runs out. */
export async function serveEvents(
  response: ServerResponse,
  actor: Actor,
  expiresAt: number,
  ports: StreamPorts,
): Promise<void> {
  const held: string[] = []
  let welcomed = false
  const write = (text: string) => {
    if (response.writableLength > maxUnsentBytes) response.destroy()
    else response.write(`data: ${text}\n\n`)
  }
  const listener: Listener = {
    actor,
    conversations: nowhere,
    deliver: (frame, mayDrop) => {
      if (welcomed) write(textOf(frame))
      else if (!mayDrop) held.push(textOf(frame))
    },
    hint: (frame) => write(frame),
    end: () => response.end(),
  }
  try {
    const welcome = await ports.welcome(listener)
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    write(JSON.stringify({ type: 'welcome', ...welcome }))
    for (const frame of held) write(frame)
    welcomed = true
    const heartbeat = setInterval(
      () => {
        if (Date.now() > expiresAt) response.end()
        else response.write(': still here\n\n')
      },
      Math.min(pingMs, 15_000),
    )
    await once(response, 'close')
    clearInterval(heartbeat)
  } finally {
    ports.part(listener)
  }
}

const pollMs = 25_000

/**
 * One long poll: answers at once when something lies beyond the cursors, otherwise with what happens next, otherwise empty after 25 s.
 * Keeps nothing between two polls, so that each may reach another server.
 */
export async function servePoll(
  actor: Actor,
  cursors: { board: number; heads: Readonly<Record<string, number>> },
  gone: AbortSignal,
  ports: StreamPorts,
  waitMs = pollMs,
): Promise<{ frames: PushFrame[]; heads: Head[]; board: number; permissions: Permission[] }> {
  const frames: PushFrame[] = []
  const news = new EventEmitter()
  const listener: Listener = {
    actor,
    conversations: nowhere,
    deliver: (frame) => {
      frames.push(JSON.parse(textOf(frame)))
      news.emit('frame')
    },
    hint: (frame) => {
      frames.push(JSON.parse(frame))
      news.emit('frame')
    },
    end: () => news.emit('frame'),
  }
  try {
    const welcome = await ports.welcome(listener)
    const behind =
      welcome.board > cursors.board || welcome.heads.some((head) => head.head > (cursors.heads[head.conversation] ?? 0))
    if (!behind && frames.length === 0)
      await once(news, 'frame', { signal: AbortSignal.any([gone, AbortSignal.timeout(waitMs)]) }).catch(() => {})
    // A moment more: what happens together is told together.
    if (!behind && frames.length > 0) await new Promise((resolve) => setTimeout(resolve, 20))
    return { frames, heads: welcome.heads, board: welcome.board, permissions: welcome.permissions }
  } finally {
    ports.part(listener)
  }
}
