import { requireSeat } from '#features/conversations'
import { acts, type Feature } from '#platform/feature'

/** Never stored: a hint to those who listen now. */
export const typing: Feature = {
  name: 'typing',
  commands: [
    acts('typing.set', async (context, { conversation, active }) => {
      const { bus, actor } = context
      const { blocked } = await requireSeat(context, conversation)
      if (blocked) return {}
      const frame = JSON.stringify({ type: 'typing', conversation, person: actor.person, active })
      bus.publish({ kind: 'frame', audience: `c:${conversation}`, frame, mayDrop: true })
      return {}
    }),
  ],
}
