import type { PersonId } from '@sotto/protocol'
import { knownAmong } from '#features/directory'
import { hiddenFrom } from '#features/people'
import { acts, type Feature } from '#platform/feature'
import { roomOf } from './room.ts'

/** Who is here. In memory only; told to those who have the person on their screen, and to nobody else. */
export const presence: Feature = {
  name: 'presence',
  commands: [
    acts('presence.set', async ({ bus, origin }, { state }) => {
      if (origin.link) roomOf(bus).mark(origin.link, state)
      return {}
    }),
    acts('presence.watch', async (context, { people }) => {
      const { db, bus, origin, actor } = context
      const knownOf = async (wanted: readonly PersonId[]) => {
        const hidden = await hiddenFrom(db, actor.person)
        return (await knownAmong(context, db, actor.person, wanted)).filter((person) => !hidden.includes(person))
      }
      const known = await knownOf(people)
      if (origin.link) roomOf(bus).watch(origin.link, known, knownOf)
      // Whom one does not know is never here.
      const stateOf = (person: PersonId) => (known.includes(person) ? roomOf(bus).stateOf(person) : 'offline')
      return { people: people.map((person) => ({ person, state: stateOf(person) })) }
    }),
  ],
  opened: ({ bus }, link) => roomOf(bus).mark(link, 'online'),
  closed: ({ bus }, link) => roomOf(bus).leave(link),
}
