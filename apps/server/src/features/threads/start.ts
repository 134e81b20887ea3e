import { AppError, type ConversationId, type Input, type PersonId, type Reply } from '@sotto/protocol'
import { cardFor, putCards } from '#features/conversations'
import { knownAmong, startableBy } from '#features/directory'
import { judgeText, requireText } from '#features/messages'
import { blockersOf, findPeople, hiddenFrom } from '#features/people'
import { holdRules, supervise, supervisedAmong } from '#features/relationships'
import { fileWords } from '#features/reports'
import type { AfterCommit, Tx } from '#platform/database'
import type { Actor, Platform } from '#platform/feature'
import type { Draft as MessageDraft } from '#platform/log'

/** A platform within one transaction, and who writes. */
export type Writing = Platform & { readonly tx: Tx; readonly after: AfterCommit; readonly actor: Actor }

type Draft = Input<'threads.start'>
/** A draft that may be sent. */
type Letter = Draft & { readonly verdict: 'fine' | 'reported' }

/** The first message makes the thread of two people; every later one continues it. */
export async function start(context: Writing, draft: Draft): Promise<Reply<'threads.start'>> {
  const [result] = await startEach(context, [draft])
  if (!result) throw new Error('a draft got no answer')
  if (result instanceof AppError) throw result
  return result
}

/**
 * The same for several people, each of them once, in a number of statements that does not grow with theirs. In their order what became of
 * each: somebody who is refused leaves no trace and does not keep the others from theirs.
 */
export async function startEach(
  context: Writing,
  drafts: readonly Draft[],
): Promise<(Reply<'threads.start'> | AppError)[]> {
  const { tx, log, actor } = context
  const people = drafts.map((draft) => draft.person)
  const existing = await log.lockPairs(tx, actor.person, people)
  const strangers = people.filter((person) => !existing.has(person))
  if (strangers.length > 0) await holdRules(tx)
  const refusals = await refusalsAmong(context, people, strangers)
  const letters: Letter[] = []
  for (const draft of drafts) {
    const verdict = refusals.get(draft.person) ?? (await judge(context, draft.text))
    if (verdict instanceof AppError) refusals.set(draft.person, verdict)
    else letters.push({ ...draft, verdict })
  }
  const newcomers = letters.filter((letter) => !existing.has(letter.person))
  const others = letters.filter((letter) => existing.has(letter.person))
  // First where there is a thread already: whoever holds a conversation may wait for boards, never the other way round.
  const going = await send(context, others, existing)
  const made = await makeThreads(
    context,
    newcomers.map((letter) => letter.person),
  )
  const begun = await send(context, newcomers, made)
  return people.map((person) => {
    const result = refusals.get(person) ?? going.get(person) ?? begun.get(person)
    if (!result) throw new Error('a draft got no answer')
    return result
  })
}

async function send(
  context: Writing,
  letters: readonly Letter[],
  threads: ReadonlyMap<PersonId, ConversationId>,
): Promise<ReadonlyMap<PersonId, Reply<'threads.start'> | AppError>> {
  const { tx, after, log, actor } = context
  const { person: sender, session } = actor
  const results = new Map<PersonId, Reply<'threads.start'> | AppError>()
  const messages = letters.map(({ person, clientId, text }): MessageDraft => {
    const conversation = threads.get(person)
    if (!conversation) throw new Error('a thread was not made')
    return { conversation, sender, session, clientId, kind: 'message', body: { text } }
  })
  const appended = await log.appendEach(tx, after, messages)
  for (const [index, { person, text, verdict }] of letters.entries()) {
    const [message, result] = [messages[index], appended[index]]
    if (!message || !result) throw new Error('an append got no answer')
    if (result instanceof AppError) {
      results.set(person, result)
      continue
    }
    const { id, place, at, fresh } = result
    const { conversation } = message
    if (verdict === 'reported' && fresh) await fileWords(context, { conversation, message: id, sender, text })
    results.set(person, { conversation, id, place, at: at.toISOString() })
  }
  return results
}

async function judge(context: Writing, text: string): Promise<'fine' | 'reported' | AppError> {
  try {
    requireText(text)
    return await judgeText(context, text, async () => 'managed')
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}

/** Why not, for each of these people whom the actor may not write to. For somebody who was blocked, whoever did it does not exist. */
async function refusalsAmong(
  context: Writing,
  people: readonly PersonId[],
  strangers: readonly PersonId[],
): Promise<Map<PersonId, AppError>> {
  const { tx, actor } = context
  const refusals = new Map<PersonId, AppError>()
  const found = new Set((await findPeople(tx, people)).map((person) => person.id))
  const startable = new Set(await startableBy(context, tx, actor.person, strangers))
  const refused = strangers.filter((person) => !startable.has(person))
  if (refused.length > 0) {
    const known = new Set(await knownAmong(context, tx, actor.person, refused))
    const blockers = await blockersOf(tx, actor.person, refused)
    const hidden = await hiddenFrom(tx, actor.person)
    for (const person of refused) {
      if (blockers.has(person)) refusals.set(person, new AppError('not_found', 'person'))
      else if (hidden.includes(person)) refusals.set(person, new AppError('forbidden', 'blocked'))
      else if (known.has(person)) refusals.set(person, new AppError('forbidden', 'threads.start'))
      else refusals.set(person, new AppError('not_found', 'person'))
    }
  }
  for (const person of people) {
    if (!found.has(person)) refusals.set(person, new AppError('not_found', 'person'))
    if (person === actor.person) refusals.set(person, new AppError('invalid_input', 'person'))
  }
  return refusals
}

/** Makes a thread with each, puts it on the boards of its two, and seats who supervises it. */
async function makeThreads(
  context: Writing,
  others: readonly PersonId[],
): Promise<ReadonlyMap<PersonId, ConversationId>> {
  const { tx, after, log, clock, actor } = context
  if (others.length === 0) return new Map()
  const supervised = await supervisedAmong(tx, actor.person, others, clock.now())
  const policyFor = (person: PersonId) => (supervised.has(person) ? 'supervised' : 'managed')
  const wanted = others.map((person) => ({ with: person, policy: policyFor(person) }) as const)
  const threads = await log.createThreads(tx, after, actor, wanted)
  const cards = threads.flatMap((thread) =>
    ([actor.person, thread.with] as const).map(
      (person) => [person, cardFor(thread, person, person === actor.person ? 'owner' : 'member')] as const,
    ),
  )
  await putCards(context, tx, after, cards)
  for (const thread of threads) if (thread.policy === 'supervised') await supervise(context, thread.id)
  return new Map(threads.map((thread) => [thread.with, thread.id]))
}
