import type { PushFrame, Welcome } from '@sotto/protocol'
import { AppError, wireVersion } from '@sotto/protocol/pure'
import { Answers, abnormalClose, type Link, type LinkEvents, type OpenLink } from './link.ts'
import type { Clock, OpenSocket } from './ports.ts'

/** Links over WebSockets. */
export function socketLinks(url: string, openSocket: OpenSocket, clock: Clock): OpenLink {
  const address = `${url.replace(/^http/, 'ws').replace(/\/+$/, '')}/api/v1/socket`
  return (token, events) => openSocketLink(address, openSocket, clock, token, events)
}

function openSocketLink(
  address: string,
  openSocket: OpenSocket,
  clock: Clock,
  token: string,
  events: LinkEvents,
): Link {
  const answers = new Answers(clock)
  let live = true

  const socket = openSocket(address, {
    opened() {
      if (live) hello(token).then(events.opened, refused)
    },
    received(text) {
      if (!live) return
      const frame = parse(text)
      if (!frame) end(abnormalClose, '', null)
      else if ('type' in frame) events.pushed(frame)
      else answers.settle(frame)
    },
    closed: (code, reason) => end(code, reason, null),
  })

  async function hello(withToken: string) {
    const welcome = (await request('hello', { version: wireVersion, token: withToken })) as Welcome
    if (live) events.stands(welcome)
  }

  function request(type: string, input: object): Promise<unknown> {
    if (!live) return Promise.reject(new AppError('unavailable', 'network'))
    const { id, answer } = answers.expect()
    socket.send(JSON.stringify({ ...input, id, type }))
    return answer
  }

  function refused(error: unknown) {
    if (live) end(0, '', error instanceof AppError ? error : null)
  }

  function end(code: number, reason: string, refusal: AppError | null) {
    if (!live) return
    close()
    events.ended({ code, reason, refusal })
  }

  function close() {
    live = false
    socket.close()
    answers.endAll()
  }

  return { request, renew: hello, close }
}

function parse(text: string): PushFrame | { readonly id: number } | null {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
