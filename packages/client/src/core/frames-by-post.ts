import type { ErrorBody } from '@sotto/protocol'
import { appError, type Rest } from './rest.ts'

/** Commands one at a time by `POST /frames`, for links that can only listen. */
export class FramesByPost {
  token: string
  private readonly rest: Rest
  private lastId = 0

  constructor(rest: Rest, token: string) {
    this.rest = rest
    this.token = token
  }

  async request(type: string, input: object): Promise<unknown> {
    const frame = { ...input, id: ++this.lastId, type }
    const answer = await this.rest.json({ method: 'POST', path: '/frames', token: this.token, body: frame })
    const { ack, error } = answer as { readonly ack?: unknown; readonly error?: ErrorBody }
    if (error) throw appError(error)
    return ack
  }
}
