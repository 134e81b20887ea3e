import { AppError, type SessionId } from '@sotto/protocol'
import { preparePassword, requireCredentials } from '#features/people'
import { type Db, transact } from '#platform/database'
import { type Actor, acts, type Context, type Feature, type Platform, reads, writes } from '#platform/feature'
import { refresh } from './refresh.ts'
import { endSessions, startSession } from './start.ts'
import { findSession, listSessions, touchSession } from './store.ts'
import { resetPassword, setPassword, suspend } from './suspend.ts'
import { tokensOf } from './tokens.ts'

export { startSession } from './start.ts'
export { devicesOf } from './store.ts'
export { suspendPerson } from './suspend.ts'
export { tokensOf } from './tokens.ts'

/** A session that is used is marked at most this often. */
const touchEveryMs = 60_000

export const sessions: Feature = {
  name: 'sessions',
  commands: [
    acts('sessions.signIn', async (context, { name, password, device, keep }) => {
      try {
        const person = await requireCredentials(context.db, name, password)
        return await transact(context.db, (tx, after) => startSession({ ...context, tx, after }, person, device, keep))
      } catch (error) {
        if (error instanceof AppError) await recordRefusal(context, name)
        throw error
      }
    }),
    writes('sessions.refresh', refresh),
    writes('sessions.signOut', async (context) => {
      await endSessions(context, context.actor.person, { only: context.actor.session })
      context.origin.setRefreshCookie(null)
      return {}
    }),
    reads('sessions.list', async ({ db, actor }) => ({
      sessions: (await listSessions(db, actor.person)).map((row) => ({
        id: row.id,
        device: row.device,
        address: row.address,
        createdAt: row.created_at.toISOString(),
        lastUsedAt: row.last_used_at.toISOString(),
        current: row.id === actor.session,
      })),
    })),
    writes('sessions.revoke', async (context, { session }) => {
      const ended = await endSessions(context, context.actor.person, { only: session })
      if (ended === 0) throw new AppError('not_found', 'session')
      return {}
    }),
    writes('people.suspend', suspend),
    writes('people.resetPassword', resetPassword),
    acts('people.setPassword', setPassword),
    acts('people.changePassword', async (context, { current, password }) => {
      const { person, session } = context.actor
      const store = await preparePassword(context.db, person, current, password)
      return transact(context.db, async (tx, after) => {
        await store(tx)
        context.audit.record({ ...context, tx, after }, { action: 'password.changed', person })
        await endSessions({ ...context, tx, after }, person, { except: session })
        return {}
      })
    }),
  ],
}

/** The name as it was typed, which may be that of nobody; cut, because it may be anything. */
async function recordRefusal({ db, audit, origin }: Context, name: string): Promise<void> {
  const detail = { name: name.trim().slice(0, 64), address: origin.address }
  await transact(db, async (tx, after) =>
    audit.record({ tx, after, actor: null }, { action: 'session.refused', detail }),
  )
}

export async function sessionLives(db: Db, session: SessionId): Promise<boolean> {
  return (await findSession(db, session)) !== undefined
}

/** Whom an access token speaks for, and until when (epoch milliseconds). Throws `unauthenticated` (also for an ended session) or `token_expired`. */
export async function authenticate(
  platform: Platform,
  token: string,
  address: string,
): Promise<{ actor: Actor; expiresAt: number }> {
  const admission = await (await tokensOf(platform)).verifyAccess(token)
  const row = await findSession(platform.db, admission.actor.session)
  if (!row || row.person !== admission.actor.person) throw new AppError('unauthenticated', 'session')
  const now = platform.clock.now()
  if (now.getTime() - row.last_used_at.getTime() > touchEveryMs)
    // On a full disk people can still read; when they last did is worth less than that.
    await touchSession(platform.db, row.id as SessionId, address, now).catch((error) =>
      platform.logger.warn({ err: error }, 'the use of a session was not noted'),
    )
  return admission
}
