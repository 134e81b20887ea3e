import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { AppError, type PersonId, type SessionId } from '@sotto/protocol'
import { type JWTPayload, errors as joseErrors, jwtVerify, SignJWT } from 'jose'
import type { Clock } from '#platform/clock'
import type { Actor } from '#platform/feature'
import type { Sealing } from '#platform/sealing'

/** Short: what a stolen access token is good for, and how long a changed session may linger where sockets do not reach. */
export const accessTokenMs = 10 * 60 * 1000

/** Signed tokens for one purpose each: a token of one kind is never taken for another (RFC 8725, section 3.11). */
export interface Tokens {
  signAccess(actor: Actor): Promise<{ token: string; expiresAt: Date }>
  /** Throws `token_expired` or `unauthenticated`. */
  verifyAccess(token: string): Promise<{ actor: Actor; expiresAt: number }>
  sign(type: string, claims: JWTPayload, expiresAt: Date): Promise<string>
  /** Undefined for anything but a genuine, unexpired token of this type. */
  verify(type: string, token: string): Promise<JWTPayload | undefined>
  /** The refresh token of a session’s generation: the same one every time it is asked for. */
  refreshToken(session: SessionId, generation: number): string
  /** Undefined when it is not one of ours. */
  readRefreshToken(token: string): { session: SessionId; generation: number } | undefined
}

const issuer = 'sotto'
const opened = new WeakMap<Sealing, Promise<Tokens>>()

/** The tokens of this server, opened at first use. */
export function tokensOf({ sealing, clock }: { sealing: Sealing; clock: Clock }): Promise<Tokens> {
  let tokens = opened.get(sealing)
  if (!tokens) {
    tokens = openTokens(sealing, clock)
    tokens.catch(() => opened.delete(sealing))
    opened.set(sealing, tokens)
  }
  return tokens
}

async function openTokens(sealing: Sealing, clock: Clock): Promise<Tokens> {
  const der = await sealing.secret('token-signing', () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }),
  )
  const privateKey = createPrivateKey({ key: der, type: 'pkcs8', format: 'der' })
  const publicKey = createPublicKey(privateKey)
  const refreshKey = await sealing.secret('refresh-tokens', () => randomBytes(32))

  const sign = (type: string, claims: JWTPayload, expiresAt: Date) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', typ: type })
      .setIssuer(issuer)
      .setAudience(type)
      .setIssuedAt(clock.now())
      .setExpirationTime(expiresAt)
      .sign(privateKey)

  const read = (type: string, token: string) =>
    jwtVerify(token, publicKey, {
      algorithms: ['EdDSA'],
      typ: type,
      issuer,
      audience: type,
      currentDate: clock.now(),
      requiredClaims: ['exp'],
    })

  function mac(session: string, generation: number): Buffer {
    return createHmac('sha256', refreshKey).update(`${session}.${generation}`).digest()
  }

  return {
    async signAccess({ person, session }) {
      const expiresAt = new Date(clock.now().getTime() + accessTokenMs)
      return { token: await sign('access', { sub: person, sid: session }, expiresAt), expiresAt }
    },
    async verifyAccess(token) {
      try {
        const { payload } = await read('access', token)
        const actor = { person: payload.sub as PersonId, session: payload.sid as SessionId }
        return { actor, expiresAt: (payload.exp as number) * 1000 }
      } catch (error) {
        throw new AppError(error instanceof joseErrors.JWTExpired ? 'token_expired' : 'unauthenticated')
      }
    },
    sign,
    async verify(type, token) {
      try {
        return (await read(type, token)).payload
      } catch {
        return undefined
      }
    },
    refreshToken: (session, generation) => `${session}.${generation}.${mac(session, generation).toString('base64url')}`,
    readRefreshToken(token) {
      const match = /^([0-9a-f-]{36})\.(\d{1,9})\.([A-Za-z0-9_-]{43})$/.exec(token)
      if (!match) return undefined
      const [, session, text, given] = match as unknown as [string, SessionId, string, string]
      const generation = Number(text)
      const genuine = timingSafeEqual(Buffer.from(given, 'base64url'), mac(session, generation))
      return genuine ? { session, generation } : undefined
    },
  }
}
