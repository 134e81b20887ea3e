import { randomUUIDv7 } from 'node:crypto'
import type { AuditAction, PersonId, SessionId, SignedIn } from '@sotto/protocol'
import { getPerson, requireNotSuspended } from '#features/people'
import type { AfterCommit, Tx } from '#platform/database'
import type { Actor, Origin, Platform } from '#platform/feature'
import { endRows, insertSession, type SessionRow } from './store.ts'
import { tokensOf } from './tokens.ts'

/** A platform within one transaction. */
export type Writing = Platform & { readonly tx: Tx; readonly after: AfterCommit; readonly origin: Origin }

/** Begins a session on a device and answers with its first tokens. Throws `forbidden` for somebody who is suspended. */
export async function startSession(
  context: Writing,
  person: PersonId,
  device: string,
  keep: 'cookie' | 'token',
): Promise<SignedIn> {
  const session = { id: randomUUIDv7() as SessionId, person, device, keep, address: context.origin.address }
  await requireNotSuspended(context, context.tx, person)
  await insertSession(context.tx, session, context.clock.now())
  const actor = { person, session: session.id }
  context.audit.record({ ...context, actor }, { action: 'session.begun', person, detail: { address: session.address } })
  return answerSignedIn(context, session, 1)
}

/** The tokens of a session’s generation, where its device keeps them. */
export async function answerSignedIn(
  context: Writing,
  session: Pick<SessionRow, 'id' | 'person' | 'keep'>,
  generation: number,
): Promise<SignedIn> {
  const tokens = await tokensOf(context)
  const access = await tokens.signAccess({ person: session.person, session: session.id })
  const refreshToken = tokens.refreshToken(session.id, generation)
  if (session.keep === 'cookie') context.origin.setRefreshCookie(refreshToken)
  return {
    person: await getPerson(context.tx, session.person),
    session: session.id,
    accessToken: access.token,
    expiresAt: access.expiresAt.toISOString(),
    ...(session.keep === 'token' && { refreshToken }),
  }
}

/** Ends one of a person’s sessions, all or all but one; their connections on every server close once this has committed. Returns how many. */
export async function endSessions(
  context: Pick<Writing, 'tx' | 'after' | 'bus' | 'clock' | 'audit'> & { readonly actor: Actor | null },
  person: PersonId,
  which: { only: SessionId } | { except: SessionId } | 'all',
  action: AuditAction = 'session.ended',
): Promise<number> {
  const sessions = await endRows(context.tx, person, which, context.clock.now())
  if (sessions.length === 0) return 0
  context.after(() => context.bus.publish({ kind: 'ended', sessions }))
  context.audit.record(context, { action, person, detail: { sessions } })
  return sessions.length
}
