import { randomUUIDv7 } from 'node:crypto'
import { AppError, type Input, type PersonId, type Reply } from '@sotto/protocol'
import { beginReset, hashPassword, requireBelow, storeSuspension, useReset } from '#features/people'
import { transact } from '#platform/database'
import type { Context, WriteContext } from '#platform/feature'
import { endSessions } from './start.ts'
import { tokensOf } from './tokens.ts'

/** What the signed token of a password reset is for; no token of another type is taken for it. */
const resetType = 'password-reset'
const resetHours = 24

/** Suspends a person: their connections close at once, and no session begins. */
export async function suspendPerson(
  context: WriteContext<'signed_in'>,
  person: PersonId,
  until: Date | null,
  reason: string,
): Promise<void> {
  await storeSuspension(context, person, until, reason)
  await endSessions(context, person, 'all')
}

export async function suspend(
  context: WriteContext<'signed_in'>,
  { person, until, reason }: Input<'people.suspend'>,
): Promise<Reply<'people.suspend'>> {
  await suspendPerson(context, person, until === null ? null : new Date(until), reason)
  return {}
}

export async function resetPassword(
  context: WriteContext<'signed_in'>,
  { person }: Input<'people.resetPassword'>,
): Promise<Reply<'people.resetPassword'>> {
  const { tx, clock, audit } = context
  await requireBelow(context, person)
  const id = randomUUIDv7()
  const expiresAt = new Date(clock.now().getTime() + resetHours * 3_600_000)
  await beginReset(tx, person, id)
  audit.record(context, { action: 'password.reset', person })
  await endSessions(context, person, 'all')
  const token = await (await tokensOf(context)).sign(resetType, { jti: id, sub: person }, expiresAt)
  return { token, expiresAt: expiresAt.toISOString() }
}

export async function setPassword(
  context: Context<'anyone'>,
  { token, password }: Input<'people.setPassword'>,
): Promise<Reply<'people.setPassword'>> {
  const claims = await (await tokensOf(context)).verify(resetType, token)
  const { jti, sub } = claims ?? {}
  if (!jti || !sub) throw new AppError('link_expired', 'token')
  const passwordHash = await hashPassword(password)
  return transact(context.db, async (tx, after) => {
    const person = sub as PersonId
    if (!(await useReset(tx, person, jti, passwordHash))) throw new AppError('link_expired', 'token')
    context.audit.record({ tx, after, actor: null }, { action: 'password.changed', person })
    return {}
  })
}
