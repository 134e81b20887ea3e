import type { Bulk, CommandName, Input, Person, Reply } from '@sotto/protocol'
import { AppError } from '@sotto/protocol/pure'
import { uuid, type World } from './fake-world.ts'

/** What the fake answers about messages to many: each look at one sends three more of it. */
export function bulkCalls(world: World) {
  const bulks = new Map<string, { bulk: Bulk; people: readonly Person[] }>()
  const others = (): Person[] => [...world.people.values()].filter((person) => person.id !== world.me.id)
  const resolve = ({ people, circles, roles }: Input<'bulk.look'>['to']): Person[] => {
    const isIn = (person: Person) => circles.length > 0 || roles.includes(person.role) || people.includes(person.id)
    return others().filter(isIn)
  }
  const fill = (text: string, { displayName }: Person): string =>
    text.replaceAll('{firstName}', displayName.split(' ')[0] ?? '').replaceAll('{name}', displayName)
  const find = (id: string) => {
    const found = bulks.get(id)
    if (!found) throw new AppError('not_found')
    return found
  }

  const calls: Partial<{ [Name in CommandName]: (input: never) => unknown }> = {
    'bulk.audiences': (): Reply<'bulk.audiences'> => ({
      circles: [{ id: uuid(), name: 'Class 5b', people: others().length }],
      roles: [{ id: 'member', people: others().filter(({ role }) => role === 'member').length }],
    }),
    'bulk.look': ({ to, text }: Input<'bulk.look'>): Reply<'bulk.look'> => {
      const [first, ...more] = resolve(to)
      if (!first) throw new AppError('invalid_input')
      const example = { person: first.id, displayName: first.displayName, text: fill(text, first) }
      return { people: more.length + 1, refused: 0, example }
    },
    'bulk.send': ({ clientId, to, text }: Input<'bulk.send'>): Bulk => {
      const known = bulks.get(clientId)
      if (known) return known.bulk
      const people = resolve(to)
      const counts = { waiting: people.length, sent: 0, read: 0, refused: 0, cancelled: 0, resumesAt: null }
      const bulk: Bulk = { bulk: clientId as never, text, at: new Date().toISOString(), state: 'sending', ...counts }
      bulks.set(clientId, { bulk, people })
      return bulk
    },
    'bulk.list': (): Reply<'bulk.list'> => ({
      bulks: [...bulks.values()].map(({ bulk }) => bulk).reverse(),
      next: null,
    }),
    'bulk.get': ({ bulk: id }: Input<'bulk.get'>): Bulk => {
      const found = find(id)
      const { waiting, sent, state } = found.bulk
      if (state !== 'sending') return found.bulk
      const step = Math.min(3, waiting)
      found.bulk = { ...found.bulk, waiting: waiting - step, sent: sent + step, state: waiting > step ? state : 'done' }
      return found.bulk
    },
    'bulk.recipients': ({ bulk: id }: Input<'bulk.recipients'>): Reply<'bulk.recipients'> => {
      const { bulk, people } = find(id)
      const recipients = people.map(({ id: person, name, displayName }, index) => ({
        person,
        name,
        displayName,
        state: index < bulk.sent ? ('sent' as const) : ('waiting' as const),
        why: null,
        conversation: null,
        read: false,
      }))
      return { recipients, next: null }
    },
    'bulk.cancel': ({ bulk: id }: Input<'bulk.cancel'>): Bulk => {
      const found = find(id)
      found.bulk = { ...found.bulk, state: 'cancelled', cancelled: found.bulk.waiting, waiting: 0 }
      return found.bulk
    },
  }
  return calls
}
