import { AppError } from '@sotto/protocol'
import { wireVersion } from '@sotto/protocol/pure'
import type { Actor } from '#platform/feature'

/** A token that was found good, and until when (epoch milliseconds). */
export interface Admission {
  readonly actor: Actor
  readonly expiresAt: number
}

/** Checks an access token and that its session has not ended. Throws `unauthenticated` or `token_expired`. */
export type Authenticate = (token: string, address: string) => Promise<Admission>

/** The token of an Authorization header, or undefined without one. Throws `unauthenticated` for another scheme. */
export function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const match = /^Bearer ([A-Za-z0-9._~-]{1,4096})$/.exec(header)
  if (!match?.[1]) throw new AppError('unauthenticated', 'authorization')
  return match[1]
}

/** The token of a `hello` frame. Throws `invalid_input` when the frame is not one, or of another version of the wire. */
export function helloToken(frame: Record<string, unknown>): string {
  const { type, token, version, id: _, ...rest } = frame
  if (type !== 'hello') throw new AppError('unauthenticated', 'say hello first')
  if (version !== wireVersion) throw new AppError('invalid_input', `version: this server speaks ${wireVersion}`)
  if (typeof token !== 'string' || token.length > 4096 || Object.keys(rest).length > 0)
    throw new AppError('invalid_input', 'hello')
  return token
}
