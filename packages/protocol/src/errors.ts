/**
 * The closed list of refusals. Per code: its HTTP status, whether the same request may succeed later without a change,
 * and what a person may be told. The reference pages are generated from this table.
 */
export const errors = {
  invalid_input: { status: 400, retry: false, say: 'Something in this request is not valid.' },
  unauthenticated: { status: 401, retry: false, say: 'Please sign in.' },
  token_expired: { status: 401, retry: false, say: 'Please sign in again.' },
  wrong_credentials: { status: 401, retry: false, say: 'The name or the password is wrong.' },
  forbidden: { status: 403, retry: false, say: 'You may not do this.' },
  foreign_origin: { status: 403, retry: false, say: 'This page may not use this server.' },
  not_found: { status: 404, retry: false, say: 'This does not exist, or you cannot see it.' },
  conflict: { status: 409, retry: false, say: 'This has changed in the meantime.' },
  name_taken: { status: 409, retry: false, say: 'Somebody already has this name.' },
  link_expired: { status: 410, retry: false, say: 'This link has expired or has been used.' },
  too_large: { status: 413, retry: false, say: 'This is too large.' },
  unsupported: { status: 415, retry: false, say: 'This kind of content is not accepted.' },
  too_many_requests: { status: 429, retry: true, say: 'Too many requests. Please wait a moment.' },
  internal: { status: 500, retry: true, say: 'Something went wrong on the server. Nothing was lost.' },
  unavailable: { status: 503, retry: true, say: 'The server cannot do this right now. It will be tried again.' },
} as const satisfies Record<string, { status: number; retry: boolean; say: string }>

export type ErrorCode = keyof typeof errors

/** Why a request was refused. `about` names the field or thing at fault, never its content. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly about: string | undefined
  /** Milliseconds to wait before trying again; only with codes that may be retried. */
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, about?: string, retryAfterMs?: number) {
    super(about ? `${code}: ${about}` : code)
    this.name = 'AppError'
    this.code = code
    this.about = about
    this.retryAfterMs = retryAfterMs
  }
}

/** What a refusal looks like on the wire. `incident` identifies an `internal` error in the server's log. */
export interface ErrorBody {
  readonly code: ErrorCode
  readonly about?: string
  readonly retryAfterMs?: number
  readonly incident?: string
}

/** WebSocket close codes of ours, and what a client does about them. 1012 (restart) and 1013 (try later) keep their standard meaning. */
export const closeCodes = {
  signed_out: { code: 4001, means: 'The session has ended: sign in again.' },
  token_expired: { code: 4002, means: 'Refresh the access token and connect again.' },
  too_slow: { code: 4003, means: 'The connection could not keep up: connect again and catch up.' },
  hostile: { code: 4004, means: 'The input was not that of a client of ours: do not connect again by yourself.' },
} as const
