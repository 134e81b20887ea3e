import { AppError, type Input, type SignedIn } from '@sotto/protocol'
import type { WriteContext } from '#platform/feature'
import { answerSignedIn, endSessions } from './start.ts'
import { lockSession, rotateSession } from './store.ts'
import { tokensOf } from './tokens.ts'

/** How long the token before the current one is honoured: the answer that carried its successor may have been lost. */
const honestRetryMs = 30_000

/**
 * Exchanges a refresh token for its successor, under the session’s lock: of any number of parallel requests with one token all get the
 * same successor. An older token means that two parties hold the session: it ends (RFC 9700, section 4.14.2).
 */
export async function refresh(
  context: WriteContext<'anyone'>,
  input: Input<'sessions.refresh'>,
): Promise<SignedIn | AppError> {
  const { tx, clock, origin } = context
  const presented = input.refreshToken ?? origin.refreshCookie
  if (presented === undefined) throw new AppError('unauthenticated', 'refresh token')
  const tokens = await tokensOf(context)
  const token = tokens.readRefreshToken(presented)
  const session = token && (await lockSession(tx, token.session))
  if (!token || !session) {
    origin.setRefreshCookie(null)
    throw new AppError('unauthenticated', 'refresh token')
  }
  const now = clock.now()
  if (token.generation === session.generation) {
    await rotateSession(tx, session.id, session.generation + 1, origin.address, now)
    return answerSignedIn(context, session, session.generation + 1)
  }
  const isRetry =
    token.generation === session.generation - 1 && now.getTime() - session.rotated_at.getTime() <= honestRetryMs
  if (isRetry) return answerSignedIn(context, session, session.generation)
  await endSessions(context, session.person, { only: session.id }, 'session.stolen')
  context.logger.warn({ session: session.id }, 'a refresh token was used twice; its session has ended')
  origin.setRefreshCookie(null)
  // Returned, not thrown: the end of the session is to be committed.
  return new AppError('unauthenticated', 'refresh token')
}
