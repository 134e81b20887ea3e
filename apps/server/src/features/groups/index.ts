import { AppError } from '@sotto/protocol'
import { cardFor, findCard, putCards, seatAll } from '#features/conversations'
import { requireMayFind } from '#features/directory'
import { blockersOf } from '#features/people'
import { takeTurn } from '#platform/database'
import { type Feature, writes } from '#platform/feature'

export const groups: Feature = {
  name: 'groups',
  commands: [
    writes('groups.create', async (context, { clientId, name, topic = '', people: wanted }) => {
      const { tx, after, log, actor } = context
      await takeTurn(tx, `create ${actor.person} ${clientId}`)
      const earlier = await log.findMade(tx, 'group', actor.person, clientId)
      if (earlier) {
        const card = await findCard(context, tx, actor.person, earlier)
        if (!card) throw new AppError('conflict', 'client id')
        return { card }
      }
      const others = [...new Set(wanted)].filter((person) => person !== actor.person).sort()
      await requireMayFind(context, others)
      if (name.trim() === '') throw new AppError('invalid_input', 'name')
      const details = { name: name.trim(), topic: topic.trim() }
      const group = await log.create(tx, after, actor, { kind: 'group', policy: 'managed', details, clientId })
      context.audit.record(context, { action: 'group.made', conversation: group.id, detail: { name: details.name } })
      const card = cardFor(group, actor.person, 'owner')
      // Whom they have blocked brings nobody anywhere.
      const blockers = await blockersOf(tx, actor.person, others)
      const people = others.filter((person) => !blockers.has(person))
      const seated = await seatAll(context, group, people, actor)
      const cards = seated.map((person) => [person, cardFor(group, person, 'member')] as const)
      await putCards(context, tx, after, [[actor.person, card], ...cards])
      return { card }
    }),
  ],
}
