import {
  AppError,
  type ConversationCard,
  type ConversationId,
  type Details,
  type DetailsChange,
  type MemberRole,
  type PersonId,
} from '@sotto/protocol'
import type { AfterCommit, Db, Tx } from '#platform/database'
import { type Context, type Feature, type Platform, reads, type WriteContext, writes } from '#platform/feature'
import type { Conversation, Doer } from '#platform/log'
import { changePicture } from './picture.ts'
import { requireMay } from './rights.ts'

export { findPicture, removePicture, setPicture } from './picture.ts'
export { requireMay } from './rights.ts'

export const conversations: Feature = {
  name: 'conversations',
  commands: [
    reads('conversations.heads', async ({ log, actor }) => ({ heads: await log.heads(actor.person) })),
    reads('conversations.get', async (context, { conversation }) => {
      const { log, db, actor } = context
      const [card, [head]] = await Promise.all([
        findCard(context, db, actor.person, conversation),
        log.heads(actor.person, conversation),
      ])
      if (!card || !head) throw new AppError('not_found', 'conversation')
      return { card, head }
    }),
    writes('conversations.change', async (context, { conversation, change }) => {
      const { tx, after, log, actor } = context
      const { kind, details } = await requireMay(context, conversation, 'change')
      if (kind === 'thread') throw new AppError('invalid_input', 'conversation')
      if (change.name === null) throw new AppError('invalid_input', 'name')
      if (kind === 'group' && (change.listed || change.category))
        throw new AppError('invalid_input', 'a group is not listed')
      if (change.slowSeconds !== undefined) await requireMay(context, conversation, 'moderate')
      if (ownersOnly.some((field) => change[field] !== undefined)) await requireMay(context, conversation, 'manage')
      context.audit.record(context, { action: 'conversation.changed', conversation, detail: { change } })
      return { details: await log.change(tx, after, conversation, tidy(change, details), actor) }
    }),
    writes('conversations.removePicture', async (context, { conversation }) => ({
      details: await changePicture(context, conversation, null),
    })),
    writes('conversations.mute', async (context, { conversation, minutes }) => {
      const { tx, after, actor, clock } = context
      const card = await lockCard(context, conversation)
      const until = minutes === null ? forGood : new Date(clock.now().getTime() + minutes * 60_000)
      const mutedUntil = minutes === 0 ? null : until.toISOString()
      await putCards(context, tx, after, [[actor.person, { ...card, mutedUntil }]])
      return { mutedUntil }
    }),
    writes('conversations.archive', async (context, { conversation, archived }) => {
      const { tx, after, actor } = context
      const card = await lockCard(context, conversation)
      await putCards(context, tx, after, [[actor.person, { ...card, archived }]])
      return {}
    }),
  ],
}

/** As far away as the format goes. */
export const forGood = new Date('9999-12-31T00:00:00.000Z')

const keyOf = (conversation: ConversationId) => `conversation/${conversation}`

/** A conversation as it stands on a person’s board. */
export async function findCard(
  { board }: Platform,
  db: Db | Tx,
  person: PersonId,
  conversation: ConversationId,
): Promise<ConversationCard | undefined> {
  const card = (await board.find(db, person, keyOf(conversation))) as ConversationCard | undefined
  // Cards that are older than muting do not have it.
  return card && { ...card, mutedUntil: card.mutedUntil ?? null }
}

/**
 * One’s own card, to be put back with a change. Under the conversation’s lock, as whoever takes somebody out or changes what they are in it:
 * a card that was taken away meanwhile does not come back.
 */
async function lockCard(
  context: WriteContext<'conversation_member'>,
  conversation: ConversationId,
): Promise<ConversationCard> {
  const { tx, log, actor } = context
  await log.lock(tx, conversation)
  const card = await findCard(context, tx, actor.person, conversation)
  if (!card) throw new AppError('not_found', 'conversation')
  return card
}

/** Puts cards on people’s boards, each person’s once. */
export function putCards(
  { board }: Platform,
  tx: Tx,
  after: AfterCommit,
  cards: readonly (readonly [PersonId, ConversationCard])[],
): Promise<void> {
  const rows = cards.map(([person, card]) => ({ person, key: keyOf(card.conversation), value: card }))
  return board.putEach(tx, after, rows)
}

/** The card of a conversation for one of its members, neither archived nor muted. */
export function cardFor(conversation: Conversation, person: PersonId, role: MemberRole): ConversationCard {
  const { id, kind, policy, pair, createdAt } = conversation
  const other = person === pair[0] ? pair[1] : person === pair[1] ? pair[0] : null
  const own = { archived: false, mutedUntil: null }
  return { conversation: id, kind, policy, with: other, role, ...own, createdAt: createdAt.toISOString() }
}

/**
 * Seats people who are not in it yet, in their order, and puts the conversation on their boards; resolves with those. Throws `forbidden` about
 * somebody who is banned from it.
 */
export async function enter(
  context: Platform & { tx: Tx; after: AfterCommit },
  conversation: Conversation,
  people: readonly PersonId[],
  by: Doer,
): Promise<PersonId[]> {
  const { tx, after } = context
  const seated = await seatAll(context, conversation, people, by)
  await putCards(
    context,
    tx,
    after,
    seated.map((person) => [person, cardFor(conversation, person, 'member')]),
  )
  return seated
}

/** The same without the boards, for whoever has more to put on some. */
export async function seatAll(
  context: Platform & { tx: Tx; after: AfterCommit },
  conversation: Conversation,
  people: readonly PersonId[],
  by: Doer,
): Promise<PersonId[]> {
  const { tx, after, log, audit } = context
  const seated: PersonId[] = []
  for (const person of people) {
    await requireNoBan(context, conversation.id, person)
    if (!(await log.seat(tx, after, conversation.id, person, by))) continue
    audit.record({ tx, after, actor: by }, { action: 'member.added', conversation: conversation.id, person })
    seated.push(person)
  }
  return seated
}

/** Throws `forbidden` for somebody who was taken out and may not come back yet. */
export async function requireNoBan(
  { db, tx, log, clock }: Platform & { tx?: Tx },
  conversation: ConversationId,
  person: PersonId,
): Promise<void> {
  const bans = await log.bans(tx ?? db, conversation, clock.now(), person)
  if (bans.length > 0) throw new AppError('forbidden', 'banned')
}

/**
 * Takes a person out: from the commit on the conversation does not exist for them. False where they were no member; a ban also meets
 * somebody who has left before.
 */
export async function exit(
  { log, board, audit, tx, after }: Platform & { tx: Tx; after: AfterCommit },
  conversation: ConversationId,
  person: PersonId,
  by: Doer,
  bannedUntil?: Date,
): Promise<boolean> {
  const left = await log.unseat(tx, after, conversation, person, by)
  if (left) audit.record({ tx, after, actor: by }, { action: 'member.removed', conversation, person })
  if (bannedUntil && (await log.ban(tx, conversation, person, bannedUntil))) {
    const detail = { until: bannedUntil < forGood ? bannedUntil.toISOString() : null }
    audit.record({ tx, after, actor: by }, { action: 'member.banned', conversation, person, detail })
  }
  if (left) await forget({ board, tx, after }, conversation, [person])
  return left
}

/** Takes a conversation off the boards of those who are not in it any more, with what they had not sent yet. */
export async function forget(
  { board, tx, after }: Pick<Platform, 'board'> & { tx: Tx; after: AfterCommit },
  conversation: ConversationId,
  people: readonly PersonId[],
): Promise<void> {
  await board.removeFrom(tx, after, people, keyOf(conversation))
  await board.removeFrom(tx, after, people, `draft/${conversation}`)
}

const ownersOnly = ['rights', 'history', 'listed', 'closed'] as const

function tidy(change: DetailsChange, before: Details): DetailsChange {
  return {
    ...change,
    ...(change.name != null && { name: change.name.trim() || before.name }),
    ...(change.topic !== undefined && { topic: change.topic.trim() }),
    ...(change.category !== undefined && { category: change.category.trim() }),
  }
}

/** Where the actor stands in a conversation; for everybody else it does not exist. */
export async function requireSeat({ log, actor }: Context<'conversation_member'>, conversation: ConversationId) {
  const seat = await log.findSeat(conversation, actor.person)
  if (!seat) throw new AppError('not_found', 'conversation')
  return seat
}
