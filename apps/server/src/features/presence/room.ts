import type { PersonId } from '@sotto/protocol'
import type { Bus } from '#platform/bus'
import type { Link } from '#platform/feature'

type State = 'online' | 'away' | 'offline'

/** Changes of this many milliseconds are told together: somebody who comes and goes costs one frame per viewer. */
const gatherMs = 1_000

export interface Room {
  mark(link: Link, state: 'online' | 'away'): void
  /** Replaces whom a connection watches. */
  watch(link: Link, people: readonly PersonId[]): void
  leave(link: Link): void
  stateOf(person: PersonId): State
}

const rooms = new WeakMap<Bus, Room>()

/** The room of one server. */
export function roomOf(bus: Bus): Room {
  const known = rooms.get(bus)
  if (known) return known
  const room = openRoom(bus)
  rooms.set(bus, room)
  return room
}

function openRoom(bus: Bus): Room {
  const links = new Map<PersonId, Map<Link, 'online' | 'away'>>()
  const watchers = new Map<PersonId, Set<Link>>()
  const watched = new WeakMap<Link, readonly PersonId[]>()
  const told = new Map<PersonId, State>()
  const changed = new Set<PersonId>()
  bus.subscribe((notice) => {
    if (notice.kind === 'parted') part(notice.people)
  })
  let gathering: NodeJS.Timeout | undefined

  function stateOf(person: PersonId): State {
    const states = [...(links.get(person)?.values() ?? [])]
    if (states.length === 0) return 'offline'
    return states.includes('online') ? 'online' : 'away'
  }

  function noteChange(person: PersonId) {
    if (!watchers.has(person)) return
    changed.add(person)
    if (gathering === undefined) gathering = setTimeout(tell, gatherMs).unref()
  }

  function tell() {
    gathering = undefined
    const news = new Map<Link, { person: PersonId; state: State }[]>()
    for (const person of changed) {
      const state = stateOf(person)
      if (told.get(person) === state) continue
      told.set(person, state)
      for (const link of watchers.get(person) ?? []) {
        const list = news.get(link)
        if (list) list.push({ person, state })
        else news.set(link, [{ person, state }])
      }
    }
    changed.clear()
    for (const [link, people] of news) link.hint(JSON.stringify({ type: 'presence', people }))
  }

  /** To each of the two the other has gone, and stays away. */
  function part([one, other]: readonly [PersonId, PersonId]) {
    for (const [viewer, person] of [
      [one, other],
      [other, one],
    ] as const)
      for (const link of links.get(viewer)?.keys() ?? []) {
        if (!watchers.get(person)?.has(link)) continue
        rewatch(
          link,
          (watched.get(link) ?? []).filter((id) => id !== person),
        )
        link.hint(JSON.stringify({ type: 'presence', people: [{ person, state: 'offline' }] }))
      }
  }

  function rewatch(link: Link, people: readonly PersonId[]) {
    unwatch(link)
    if (people.length === 0) return
    watched.set(link, people)
    for (const person of people) {
      const viewers = watchers.get(person)
      if (viewers) viewers.add(link)
      else watchers.set(person, new Set([link]))
      if (!told.has(person)) told.set(person, stateOf(person))
    }
  }

  function unwatch(link: Link) {
    for (const person of watched.get(link) ?? []) {
      const viewers = watchers.get(person)
      viewers?.delete(link)
      if (viewers?.size === 0) {
        watchers.delete(person)
        told.delete(person)
      }
    }
    watched.delete(link)
  }

  return {
    mark(link, state) {
      const { person } = link.actor
      let mine = links.get(person)
      if (!mine) {
        mine = new Map()
        links.set(person, mine)
      }
      mine.set(link, state)
      noteChange(person)
    },
    watch: rewatch,
    leave(link) {
      unwatch(link)
      const { person } = link.actor
      const mine = links.get(person)
      mine?.delete(link)
      if (mine?.size === 0) links.delete(person)
      noteChange(person)
    },
    stateOf,
  }
}
