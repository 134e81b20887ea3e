import type { ErrorBody, ErrorCode } from '@sotto/protocol'
import { AppError, errors } from '@sotto/protocol/pure'
import type { Clock, Fetch } from './ports.ts'

export interface RestRequest {
  readonly method: string
  readonly path: string
  readonly token?: string
  readonly body?: unknown
  readonly timeoutMs?: number
}

const requestTimeoutMs = 20_000

/** Requests below `/api/v1`. No answer at all rejects with `unavailable`, a refusal with its own code. */
export class Rest {
  readonly base: string
  private readonly fetch: Fetch
  private readonly clock: Clock
  private readonly credentials: RequestCredentials

  constructor(url: string, fetch: Fetch, clock: Clock, credentials: RequestCredentials) {
    this.base = `${url.replace(/\/+$/, '')}/api/v1`
    this.fetch = fetch
    this.clock = clock
    this.credentials = credentials
  }

  /** What an answer says; one that breaks off is none. */
  static jsonOf(response: Response): Promise<unknown> {
    return response.json().catch(() => {
      throw new AppError('unavailable')
    })
  }

  /** The answer in JSON. */
  async json(request: RestRequest): Promise<unknown> {
    return Rest.jsonOf(await this.send(request))
  }

  /** The answer as it is; its body may still be on its way. */
  async send(
    { method, path, token, body, timeoutMs = requestTimeoutMs }: RestRequest,
    signal?: AbortSignal,
  ): Promise<Response> {
    const abort = new AbortController()
    const stop = () => abort.abort()
    const cancelTimer = this.clock.after(timeoutMs, stop)
    signal?.addEventListener('abort', stop)
    try {
      const headers: Record<string, string> = {}
      if (token) headers.authorization = `Bearer ${token}`
      const binary = body instanceof Blob
      if (body !== undefined) headers['content-type'] = binary ? body.type : 'application/json'
      const response = await this.fetch(this.base + path, {
        method,
        headers,
        credentials: this.credentials,
        signal: abort.signal,
        ...(body === undefined ? {} : { body: binary ? body : JSON.stringify(body) }),
      })
      if (!response.ok) throw await refusalOf(response)
      return response
    } catch (error) {
      throw error instanceof AppError ? error : new AppError('unavailable', 'network')
    } finally {
      // Only the wait for an answer is limited; a stream stays open until the caller’s signal ends it.
      cancelTimer()
    }
  }

  /** Whether anything at all answers at the server’s address. */
  async answers(): Promise<boolean> {
    try {
      await this.send({ method: 'GET', path: '/instance', timeoutMs: 5_000 })
      return true
    } catch (error) {
      return error instanceof AppError && error.about !== 'network'
    }
  }
}

/** A refusal as it came over the wire. */
export function appError(body: ErrorBody): AppError {
  return new AppError(body.code, body.about, body.retryAfterMs)
}

/** The wire form of whatever went wrong. */
export function errorBody(error: unknown): ErrorBody {
  if (!(error instanceof AppError)) return { code: 'internal' }
  return {
    code: error.code,
    ...(error.about === undefined ? {} : { about: error.about }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  }
}

/** Whether the same request may succeed later. A token that ran out is renewed, so it counts. */
export function mayRetry(error: unknown): boolean {
  if (!(error instanceof AppError)) return false
  return errors[error.code].retry || error.code === 'token_expired' || error.code === 'unauthenticated'
}

async function refusalOf(response: Response): Promise<AppError> {
  const after = Number(response.headers.get('retry-after')) * 1000
  const retryAfterMs = after > 0 ? after : undefined
  try {
    const { error } = (await response.json()) as { error: ErrorBody }
    if (error.code in errors) return new AppError(error.code, error.about, error.retryAfterMs ?? retryAfterMs)
  } catch {
    // A proxy answered, not our server.
  }
  return new AppError(codeOfStatus(response.status), 'proxy', retryAfterMs)
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 429) return 'too_many_requests'
  if (status === 413) return 'too_large'
  return 'unavailable'
}
