import type { PersonId } from '@sotto/protocol'
import type { Bus } from '#platform/bus'
import type { Link } from '#platform/feature'

type State = 'online' | 'away' | 'offline'

/** Changes of this many milliseconds are told together: somebody who comes and goes costs one frame per viewer. */
const gatherMs = 1_000
/** Whether somebody still knows whom they watch is asked again before they are told, at most this often. */
const recheckMs = 60_000

type KnownOf = (people: readonly PersonId[]) => Promise<readonly PersonId[]>

interface Watch {
  readonly people: readonly PersonId[]
  readonly knownOf: KnownOf
  /** When these were known last (epoch milliseconds). */
  knownAt: number
}

export interface Room {
  mark(link: Link, state: 'online' | 'away'): void
  /** Replaces whom a connection watches: people whom its person knows. `knownOf` says who of them these still are. */
  watch(link: Link, people: readonly PersonId[], knownOf: KnownOf): void
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
  const watched = new WeakMap<Link, Watch>()
  const told = new Map<PersonId, State>()
  const changed = new Set<PersonId>()
  bus.subscribe((notice) => {
    if (notice.kind === 'parted') part(notice.people)
    // Who is out of a conversation and who is in it may have known each other by it alone.
    else if (notice.kind === 'seat' && !notice.seated)
      for (const link of [...(links.get(notice.person)?.keys() ?? []), ...(watchers.get(notice.person) ?? [])]) {
        const watch = watched.get(link)
        if (watch) watch.knownAt = 0
      }
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
    const news = new Map<Link, PersonId[]>()
    for (const person of changed) {
      const state = stateOf(person)
      if (told.get(person) === state) continue
      told.set(person, state)
      for (const link of watchers.get(person) ?? []) {
        const list = news.get(link)
        if (list) list.push(person)
        else news.set(link, [person])
      }
    }
    changed.clear()
    // Where it could not be found out whether they may know, they are not told; a hint may be lost.
    for (const [link, people] of news) inform(link, people).catch(() => {})
  }

  async function inform(link: Link, people: readonly PersonId[]) {
    const watch = watched.get(link)
    if (watch && Date.now() - watch.knownAt > recheckMs) await recheck(link, watch)
    const still = new Set(watched.get(link)?.people)
    // As they are now: another change may have been told meanwhile.
    const states = people.filter((person) => still.has(person)).map((person) => ({ person, state: stateOf(person) }))
    if (states.length > 0) link.hint(JSON.stringify({ type: 'presence', people: states }))
  }

  async function recheck(link: Link, watch: Watch) {
    const { people, knownOf } = watch
    const began = Date.now()
    const known = new Set(await knownOf(people))
    // It watches others by now, or nobody.
    if (watched.get(link) !== watch) return
    watch.knownAt = began
    drop(
      link,
      people.filter((person) => !known.has(person)),
    )
  }

  /** These have gone, for this connection, and stay away. */
  function drop(link: Link, people: readonly PersonId[]) {
    const watch = watched.get(link)
    if (!watch || people.length === 0) return
    const kept = watch.people.filter((person) => !people.includes(person))
    rewatch(link, kept, watch.knownOf, watch.knownAt)
    link.hint(JSON.stringify({ type: 'presence', people: people.map((person) => ({ person, state: 'offline' })) }))
  }

  /** To each of the two the other has gone, and stays away. */
  function part([one, other]: readonly [PersonId, PersonId]) {
    for (const [viewer, person] of [
      [one, other],
      [other, one],
    ] as const)
      for (const link of links.get(viewer)?.keys() ?? []) {
        if (!watchers.get(person)?.has(link)) continue
        drop(link, [person])
      }
  }

  function rewatch(link: Link, people: readonly PersonId[], knownOf: KnownOf, knownAt: number) {
    unwatch(link)
    if (people.length === 0) return
    watched.set(link, { people, knownOf, knownAt })
    for (const person of people) {
      const viewers = watchers.get(person)
      if (viewers) viewers.add(link)
      else watchers.set(person, new Set([link]))
      if (!told.has(person)) told.set(person, stateOf(person))
    }
  }

  function unwatch(link: Link) {
    for (const person of watched.get(link)?.people ?? []) {
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
    watch: (link, people, knownOf) => rewatch(link, people, knownOf, Date.now()),
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
