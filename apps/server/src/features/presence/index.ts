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
    acts('presence.watch', async ({ bus, db, actor, origin }, { people }) => {
      const hidden = new Set(await hiddenFrom(db, actor.person))
      const shown = people.filter((person) => !hidden.has(person))
      if (origin.link) roomOf(bus).watch(origin.link, shown)
      return {
        people: people.map((person) => ({
          person,
          state: hidden.has(person) ? 'offline' : roomOf(bus).stateOf(person),
        })),
      }
    }),
  ],
  opened: ({ bus }, link) => roomOf(bus).mark(link, 'online'),
  closed: ({ bus }, link) => roomOf(bus).leave(link),
}
