import { randomUUIDv7 } from 'node:crypto'
import { AppError, type ClientId, type ConversationId, type Input, type PersonId, type Reply } from '@sotto/protocol'
import { requireMayStart } from '#features/directory'
import { judgeText, requireText } from '#features/messages'
import { getPerson, hasBlocked } from '#features/people'
import { holdRules } from '#features/relationships'
import { fileWords } from '#features/reports'
import type { WriteContext } from '#platform/feature'
import { seatSecond } from './seat-second.ts'

/** The first message makes the thread of two people; every later one continues it. */
export async function start(
  context: WriteContext<'signed_in'>,
  { person, clientId, text }: Input<'threads.start'>,
): Promise<Reply<'threads.start'>> {
  const { tx, after, log, actor } = context
  requireText(text)
  if (person === actor.person) throw new AppError('invalid_input', 'person')
  await getPerson(tx, person)
  const existing = await log.lockPair(tx, actor.person, person)
  if (!existing) await requireUnblocked(context, person)
  const verdict = await judgeText(context, text, async () => 'managed')
  const conversation = existing ?? (await makeThread(context, person))
  const [sent] = await log.appendIn(tx, after, [
    { conversation, sender: actor.person, session: actor.session, clientId, kind: 'message', body: { text } },
  ])
  if (!sent) throw new Error('an append got no answer')
  if (verdict === 'reported' && sent.fresh)
    await fileWords(context, { conversation, message: sent.id, sender: actor.person, text })
  return { conversation, id: sent.id, place: sent.place, at: sent.at.toISOString() }
}

/** For somebody who was blocked, whoever did it does not exist. */
async function requireUnblocked({ tx, actor }: WriteContext<'signed_in'>, person: PersonId): Promise<void> {
  if (await hasBlocked(tx, person, actor.person)) throw new AppError('not_found', 'person')
  if (await hasBlocked(tx, actor.person, person)) throw new AppError('forbidden', 'blocked')
}

async function makeThread(context: WriteContext<'signed_in'>, other: PersonId): Promise<ConversationId> {
  const { tx, after, log, actor } = context
  await holdRules(tx)
  await requireMayStart(context, tx, actor.person, other)
  const clientId = randomUUIDv7() as ClientId
  const { id } = await log.create(tx, after, actor, { kind: 'thread', policy: 'managed', clientId })
  await seatSecond(context, id, actor.person, other)
  return id
}
