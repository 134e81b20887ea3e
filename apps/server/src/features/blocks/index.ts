import { AppError } from '@sotto/protocol'
import { deleteBlock, getPerson, hasBlocked, insertBlock } from '#features/people'
import { type Feature, writes } from '#platform/feature'

export const blocks: Feature = {
  name: 'blocks',
  commands: [
    writes('blocks.set', async (context, { person, blocked }) => {
      const { tx, after, log, board, bus, actor, clock } = context
      const me = actor.person
      if (person === me) throw new AppError('invalid_input', 'person')
      // Also makes the two take turns, and nobody begin their thread meanwhile.
      const thread = await log.lockPair(tx, me, person)
      const theirs = await hasBlocked(tx, person, me)
      const at = clock.now()
      if (blocked) {
        await getPerson(tx, person)
        // By an answer of another kind the person would learn that they are blocked.
        if (theirs && (await log.companionsAmong(tx, me, [person])).length === 0)
          throw new AppError('not_found', 'person')
      }
      const changed = blocked ? await insertBlock(tx, me, person, at) : await deleteBlock(tx, me, person)
      if (!changed) return {}
      if (thread) await log.setBlocked(tx, thread, blocked || theirs)
      const value = blocked ? { person, at: at.toISOString() } : null
      await board.put(tx, after, me, [{ key: `block/${person}`, value }])
      context.audit.record(context, { action: blocked ? 'person.blocked' : 'person.unblocked', person })
      if (blocked) after(() => bus.publish({ kind: 'parted', people: [me, person] }))
      return {}
    }),
    writes('mutes.set', async ({ tx, after, board, actor, clock }, { person, muted }) => {
      if (muted) await getPerson(tx, person)
      const value = muted ? { person, at: clock.now().toISOString() } : null
      const key = `mute/${person}`
      if (value || (await board.find(tx, actor.person, key))) await board.put(tx, after, actor.person, [{ key, value }])
      return {}
    }),
  ],
}
