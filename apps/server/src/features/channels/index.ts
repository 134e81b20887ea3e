import { AppError, type Channel, defaultDetails, type Input, type Reply } from '@sotto/protocol'
import { cardFor, enter, findCard, forget, putCards, removePicture, requireNoBan } from '#features/conversations'
import { takeTurn } from '#platform/database'
import { type Feature, reads, type WriteContext, writes } from '#platform/feature'
import type { Conversation } from '#platform/log'

/** Entries that somebody sees before they join. */
const previewed = 30

export const channels: Feature = {
  name: 'channels',
  commands: [
    writes('channels.create', create),
    reads('channels.list', async ({ db, log, actor, permissions }, { find = '', after = '', limit = 50 }) => {
      const every = permissions.includes('channels.manage')
      const page = { person: actor.person, every, find: find.trim(), after, limit: limit + 1 }
      const found = await log.channels(db, page)
      const shown = found.slice(0, limit)
      const next = found.length > limit ? (shown.at(-1)?.details.name ?? null) : null
      return { channels: shown.map((channel) => toChannel(channel, channel.joined)), next }
    }),
    reads('channels.preview', async (context, { conversation }) => {
      const { db, log, actor } = context
      const channel = await log.findConversation(db, conversation)
      const seat = channel && (await log.findSeat(conversation, actor.person))
      if (channel?.kind !== 'channel' || !(channel.details.listed || seat))
        throw new AppError('not_found', 'conversation')
      // Whoever may not come back reads no further either.
      if (!seat) await requireNoBan(context, conversation, actor.person)
      // Whoever joins reads from the beginning, or from now on: nobody sees more before than after.
      const from = seat?.floor ?? (channel.details.history === 'all' ? 1 : channel.head + 1)
      const entries = await log.page({ conversation, from, to: channel.head, limit: previewed, newest: true })
      const about = await log.about([{ entries, to: entries.at(-1)?.place ?? 0, head: channel.head }])
      return { channel: toChannel(channel, seat !== undefined), entries, about }
    }),
    writes('channels.join', async (context, { conversation }) => {
      const { tx, log, actor } = context
      const existing = await findCard(context, tx, actor.person, conversation)
      if (existing?.kind === 'channel') return { card: existing }
      const channel = await log.findConversation(tx, conversation)
      if (channel?.kind !== 'channel') throw new AppError('not_found', 'conversation')
      // Under the lock: a channel that is being deleted or unlisted is gone or unlisted by now.
      if (!(await log.lock(tx, conversation)).details.listed && !context.permissions.includes('channels.manage'))
        throw new AppError('not_found', 'conversation')
      await enter(context, channel, [actor.person], actor)
      return { card: cardFor(channel, actor.person, 'member') }
    }),
    writes('channels.delete', async (context, { conversation, name }) => {
      const { tx, after, log } = context
      const channel = await log.findConversation(tx, conversation)
      if (channel?.kind !== 'channel') throw new AppError('not_found', 'conversation')
      if (channel.details.name !== name) throw new AppError('conflict', 'name')
      const { head, members } = channel
      context.audit.record(context, {
        action: 'channel.deleted',
        conversation,
        detail: { name, entries: head, members },
      })
      await forget(context, conversation, await log.destroy(tx, after, conversation))
      removePicture(context, conversation, channel.details)
      await context.sealing.forget(tx, after, conversation)
      return {}
    }),
  ],
}

async function create(
  context: WriteContext<'signed_in'>,
  { clientId, name, topic = '', category = '', listed, announcement = false }: Input<'channels.create'>,
): Promise<Reply<'channels.create'>> {
  const { tx, after, log, actor } = context
  await takeTurn(tx, `create ${actor.person} ${clientId}`)
  const earlier = await log.findMade(tx, 'channel', actor.person, clientId)
  if (earlier) {
    const card = await findCard(context, tx, actor.person, earlier)
    if (!card) throw new AppError('conflict', 'client id')
    return { card }
  }
  if (name.trim() === '') throw new AppError('invalid_input', 'name')
  const rights = { ...defaultDetails.channel.rights, ...(announcement && { post: 'moderator' as const }) }
  const details = { name: name.trim(), topic: topic.trim(), category: category.trim(), listed, rights }
  const channel = await log.create(tx, after, actor, { kind: 'channel', policy: 'managed', details, clientId })
  context.audit.record(context, {
    action: 'channel.made',
    conversation: channel.id,
    detail: { name: details.name, listed },
  })
  const card = cardFor(channel, actor.person, 'owner')
  await putCards(context, tx, after, [[actor.person, card]])
  return { card }
}

function toChannel({ id, details, head, members, createdAt }: Conversation, joined: boolean): Channel {
  return { conversation: id, details, members, entries: head, joined, createdAt: createdAt.toISOString() }
}
