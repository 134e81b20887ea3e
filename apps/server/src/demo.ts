import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type {
  CircleId,
  ClientId,
  CommandName,
  ConversationId,
  EntryId,
  Input,
  Party,
  PersonId,
  Reply,
  SignedIn,
} from '@sotto/protocol'
import type { Clock } from '#platform/clock'
import type { Actor } from '#platform/feature'
import {
  classes,
  guardians,
  head,
  kinds,
  letter,
  longTalk,
  type Room,
  relationships,
  remarks,
  report,
  roles,
  rooms,
  type Somebody,
  staff,
  talks,
} from './demo/school.ts'
import type { Dispatch } from './edge/dispatch.ts'

/** Everybody in the demo signs in with this. */
export const demoPassword = 'school-by-the-sea'

/** A clock that the demo winds back to write history, and lets go afterwards. */
export function movingClock(): Clock & { goTo(time: Date | null): void } {
  let behindMs = 0
  return {
    now: () => new Date(Date.now() - behindMs),
    goTo(time) {
      behindMs = time === null ? 0 : Date.now() - time.getTime()
    },
  }
}

/**
 * Fills an empty instance with a school: its staff, two classes of pupils, guardians, what binds them, its channels, and weeks of threads.
 * Everything is done and said through the same commands that people use.
 */
export async function fillDemo(
  dispatch: Dispatch,
  setup: string,
  clock: ReturnType<typeof movingClock>,
): Promise<void> {
  const actors = new Map<string, Actor>()
  const circles = new Map<string, { readonly id: CircleId; readonly people: readonly PersonId[] }>()
  const origin = { address: '127.0.0.1', refreshCookie: undefined, link: null, setRefreshCookie() {} }
  const call = <Name extends CommandName>(actor: Actor | null, name: Name, input: Input<Name>) =>
    dispatch(actor, name, input, origin) as Promise<Reply<Name>>
  const account = ({ name, displayName }: Somebody) =>
    ({ name, displayName, password: demoPassword, device: 'Demo', keep: 'token' }) as const

  async function enter(somebody: Somebody, signedIn: SignedIn): Promise<void> {
    const actor = { person: signedIn.person.id, session: signedIn.session as Actor['session'] }
    actors.set(somebody.name, actor)
    await call(actor, 'people.updateProfile', { status: somebody.status })
  }

  function who(name: string) {
    const actor = actors.get(name)
    if (!actor) throw new Error(`nobody in the demo is called ${name}`)
    return actor
  }

  /** A person or a circle, by name. */
  function party(name: string): Party {
    const circle = circles.get(name)
    return circle ? { circle: circle.id } : { person: who(name).person }
  }
  const peopleOf = (names: readonly string[]) =>
    names.flatMap((name) => circles.get(name)?.people ?? [who(name).person])

  async function makeCircle(name: string, people: readonly Somebody[]) {
    const { id } = await call(who(head.name), 'circles.create', { name })
    const add = people.map((one) => who(one.name).person)
    await call(who(head.name), 'circles.setMembers', { circle: id, add, remove: [] })
    circles.set(name, { id, people: add })
  }

  /** Who writes has read what came before. */
  async function say(from: string, to: string, text: string): Promise<void> {
    const message = { person: who(to).person, clientId: newId(), text }
    const { conversation, place } = await call(who(from), 'threads.start', message)
    await call(who(from), 'receipts.read', { conversation, place })
  }

  async function open(room: Room): Promise<ConversationId> {
    const { kind, name, topic, category = '', announcement = false, listed = false } = room
    const [by, people] = [who(room.by), peopleOf(room.members).filter((person) => person !== who(room.by).person)]
    const { card } =
      kind === 'group'
        ? await call(by, 'groups.create', { clientId: newId(), name, topic, people })
        : await call(by, 'channels.create', { clientId: newId(), name, topic, category, announcement, listed })
    if (kind === 'channel') await call(by, 'members.add', { conversation: card.conversation, people })
    return card.conversation
  }

  await enter(head, await call(null, 'instance.setUp', { setup, instance: 'School by the Sea', ...account(head) }))
  const boss = who(head.name)
  for (const { id, name, permissions } of roles) await call(boss, 'roles.create', { role: id, name, permissions })
  const pupils = new Map(classes.map(({ name, pupils: names }) => [name, names.map((pupil) => pupilOf(name, pupil))]))
  const everyone = [...staff, ...guardians, ...[...pupils.values()].flat()]
  for (const [role, people] of Map.groupBy(everyone, (one) => one.role)) {
    const { token } = await call(boss, 'invitations.create', { role, uses: people.length, expiresInHours: 1 })
    await Promise.all(
      people.map(async (one) => enter(one, await call(null, 'people.signUp', { invitation: token, ...account(one) }))),
    )
  }
  await makeCircle('Staff', [head, ...staff])
  for (const [name, people] of pupils) {
    await makeCircle(`Class ${name}`, people)
    await makeCircle(
      `Guardians of ${name}`,
      guardians.filter((guardian) => guardian.status.endsWith(name)),
    )
  }
  for (const kind of kinds) await call(boss, 'relationships.makeKind', kind)
  for (const [from, kind, to] of relationships) {
    const sides = { from: party(from), kind, to: party(to) }
    await call(boss, 'relationships.set', { ...sides, fromDate: null, untilDate: null })
  }

  const events: { readonly minutesAgo: number; readonly happen: () => Promise<unknown> }[] = []
  const [one, other] = longTalk.between
  for (let index = 0; index < longTalk.messages; index++) {
    const [from, to] = index % 2 === 0 ? [one, other] : [other, one]
    const text = remarks[index % remarks.length] as string
    events.push({ minutesAgo: (longTalk.messages - index) * 97 + 2_000, happen: () => say(from, to, text) })
  }
  for (const { daysAgo, between, says } of talks)
    for (const [index, text] of says.entries()) {
      const [from, to] = index % 2 === 0 ? between : [between[1], between[0]]
      events.push({ minutesAgo: daysAgo * day + (says.length - index) * 4, happen: () => say(from, to, text) })
    }
  const opened = new Map<string, ConversationId>()
  const last = new Map<string, EntryId>()
  for (const [nth, room] of rooms.entries()) {
    const opening = (room.says[0]?.[0] ?? 0) * day + day
    events.push({ minutesAgo: opening, happen: async () => opened.set(room.name, await open(room)) })
    for (const [index, [daysAgo, from, text]] of room.says.entries()) {
      const happen = async () => {
        const conversation = opened.get(room.name) as ConversationId
        const { id, place } = await call(who(from), 'messages.send', { conversation, clientId: newId(), text })
        last.set(`${room.name} ${from}`, id)
        await call(who(from), 'receipts.read', { conversation, place })
      }
      events.push({ minutesAgo: daysAgo * day + 100 + 20 * nth + (room.says.length - index) * 3, happen })
    }
  }
  events.push({ minutesAgo: letter.daysAgo * day + 30, happen: sendLetter }, { minutesAgo: 90, happen: fileReport })
  for (const { minutesAgo, happen } of events.sort((before, after) => after.minutesAgo - before.minutesAgo)) {
    clock.goTo(new Date(Date.now() - minutesAgo * 60_000))
    await happen()
  }
  clock.goTo(null)

  async function sendLetter() {
    const to = { people: peopleOf([letter.to]), circles: [], roles: [] }
    const { bulk } = await call(who(letter.by), 'bulk.send', { clientId: newId(), to, text: letter.text })
    while ((await call(who(letter.by), 'bulk.get', { bulk })).state === 'sending') await setTimeout(20)
  }

  async function fileReport() {
    const { person } = who(report.about)
    const message = last.get(`${report.in} ${report.about}`)
    const conversation = opened.get(report.in) as ConversationId
    await call(who(report.by), 'reports.make', {
      conversation,
      person,
      reason: report.reason,
      ...(message && { message }),
    })
  }
}

/** In minutes. */
const day = 24 * 60

const newId = () => randomUUID() as ClientId

function pupilOf(className: string, displayName: string): Somebody {
  const name = displayName.toLowerCase().replace(' ', '.')
  return { name, displayName, status: `Class ${className}`, role: 'pupil' }
}
