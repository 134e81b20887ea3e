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
    acts('presence.watch', async ({ bus, origin }, { people }) => {
      if (origin.link) roomOf(bus).watch(origin.link, people)
      return { people: people.map((person) => ({ person, state: roomOf(bus).stateOf(person) })) }
    }),
  ],
  opened: ({ bus }, link) => roomOf(bus).mark(link, 'online'),
  closed: ({ bus }, link) => roomOf(bus).leave(link),
}
