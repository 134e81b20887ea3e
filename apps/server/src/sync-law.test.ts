import {
  type BoardRow,
  type BulkId,
  type CircleId,
  type CommandName,
  type CommandSpec,
  type ConversationCard,
  type ConversationId,
  commands,
  type DetailsChange,
  type Entry,
  type EntryId,
  type Input,
  type MemberRole,
  type Party,
  type PersonId,
  type RelationshipId,
  type Reply,
  type ReportId,
} from '@sotto/protocol'
import { applyEntry, emptyView, errors, type View } from '@sotto/protocol/pure'
import { expect, test, vi } from 'vitest'
import { clientId, startTestServer, type TestPerson } from './testing/server.ts'
import type { TestSocket } from './testing/socket.ts'

/*
 * The law: what somebody makes of the frames that come to them is what the server says when it is asked afresh, after every command, for
 * everybody. And to whoever is not in a conversation nothing comes of it.
 */

/** Reproducible chance. */
class Chance {
  private state: number
  constructor(seed: number) {
    this.state = seed
  }
  below(count: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0
    return Math.floor((this.state / 2 ** 32) * count)
  }
  one<Thing>(things: readonly Thing[]): Thing {
    return things[this.below(things.length)] as Thing
  }
}

/** What inputs can be made of, some of it gone or of others. */
interface World {
  readonly chance: Chance
  readonly people: readonly Follower[]
  readonly conversations: ConversationId[]
  readonly invitations: string[]
  readonly circles: CircleId[]
  readonly messages: (readonly [ConversationId, EntryId])[]
  readonly reports: ReportId[]
  readonly relationships: RelationshipId[]
  person(): PersonId
  message(): readonly [ConversationId, EntryId]
  conversation(): ConversationId
  circle(): CircleId
  party(): Party
}

/** An id of nothing at all. */
const nothing = '00000000-0000-7000-8000-000000000000' as never
const roles = ['owner', 'moderator', 'member', 'reader'] as const
const open = { fromDate: null, untilDate: null }
const rights = ['member', 'moderator', 'owner'] as const

/**
 * What each command may be asked with; null for those that change nothing of what is synchronised, and for those that begin or end a
 * session. A command without a line does not compile.
 */
const inputs: { [Name in CommandName]: ((world: World) => Input<Name>) | null } = {
  'instance.get': null,
  'instance.setUp': null,
  'instance.update': null,
  'instance.rotateKeys': () => ({}),
  'invitations.create': null,
  'invitations.list': null,
  'invitations.revoke': null,
  'invitations.preview': null,
  'people.signUp': null,
  'people.me': null,
  'people.updateProfile': ({ chance }) => ({ status: `status ${chance.below(9)}` }),
  'people.changePassword': null,
  'people.removePicture': () => ({}),
  'people.list': null,
  'people.get': null,
  'people.setRole': (world) => ({ person: world.person(), role: world.chance.one(['member', 'moderator', 'admin']) }),
  'roles.list': null,
  'roles.create': null,
  'roles.change': null,
  'roles.delete': null,
  'sessions.signIn': null,
  'sessions.refresh': null,
  'sessions.signOut': null,
  'sessions.list': null,
  'sessions.revoke': null,
  'conversations.heads': null,
  'conversations.get': null,
  'conversations.archive': (world) => ({
    conversation: world.conversation(),
    archived: world.chance.one([true, false]),
  }),
  'conversations.removePicture': (world) => ({ conversation: world.conversation() }),
  'conversations.change': (world) => ({
    conversation: world.conversation(),
    change: world.chance.one<DetailsChange>([
      { topic: `topic ${world.chance.below(9)}` },
      { name: `Name ${world.chance.below(1e9)}` },
      { closed: false },
      { slowSeconds: 0 },
      {
        rights: {
          post: 'member',
          invite: world.chance.one(rights),
          change: 'member',
          moderate: 'moderator',
          pin: world.chance.one(rights),
        },
      },
      { history: world.chance.one(['all', 'joined']) },
    ]),
  }),
  'members.list': null,
  'members.add': (world) => ({ conversation: world.conversation(), people: [world.person(), world.person()] }),
  'members.remove': (world) => ({ conversation: world.conversation(), person: world.person() }),
  'members.leave': (world) => ({ conversation: world.conversation() }),
  'members.setRole': (world) => ({
    conversation: world.conversation(),
    person: world.person(),
    role: world.chance.one<MemberRole>(roles),
  }),
  'members.silence': (world) => ({
    conversation: world.conversation(),
    person: world.person(),
    minutes: world.chance.one([0, 5]),
  }),
  'members.invite': (world) => ({ conversation: world.conversation(), uses: 3, expiresInHours: 1 }),
  'members.join': (world) => {
    const [conversation, invitation] = world.chance.one(world.invitations)?.split(' ') ?? []
    return {
      conversation: (conversation ?? world.conversation()) as ConversationId,
      invitation: invitation ?? 'x'.repeat(32),
    }
  },
  'groups.create': (world) => ({
    clientId: clientId(),
    name: `Group ${world.chance.below(1e9)}`,
    people: [world.person(), world.person()],
  }),
  'channels.create': (world) => ({
    clientId: clientId(),
    name: `Channel ${world.chance.below(1e9)}`,
    listed: world.chance.one([true, true, false]),
  }),
  'channels.list': null,
  'channels.preview': null,
  'channels.join': (world) => ({ conversation: world.conversation() }),
  'channels.delete': (world) => ({ conversation: world.conversation(), name: 'Doomed' }),
  'threads.start': (world) => ({ person: world.person(), clientId: clientId(), text: 'hello' }),
  'threads.open': () => ({ clientId: clientId() }),
  'threads.invite': (world) => ({ conversation: world.conversation(), expiresInHours: 1 }),
  'threads.join': (world) => {
    const [conversation, invitation] = world.chance.one(world.invitations)?.split(' ') ?? []
    return {
      conversation: (conversation ?? world.conversation()) as ConversationId,
      ...(invitation && { invitation }),
    }
  },
  'threads.answer': (world) => ({
    conversation: world.conversation(),
    person: world.person(),
    admit: world.chance.one([true, false]),
  }),
  'messages.send': (world) => ({
    conversation: world.conversation(),
    clientId: clientId(),
    text: `text ${world.chance.below(1e6)}`,
  }),
  'messages.page': null,
  'messages.pull': null,
  'drafts.set': (world) => ({ conversation: world.conversation(), text: world.chance.one(['later', null]) }),
  'receipts.read': (world) => ({ conversation: world.conversation(), place: 1 + world.chance.below(3) }),
  'receipts.delivered': (world) => ({ conversation: world.conversation(), place: 1 + world.chance.below(3) }),
  'typing.set': (world) => ({ conversation: world.conversation(), active: true }),
  'presence.set': () => ({ state: 'online' }),
  'presence.watch': (world) => ({ people: [world.person()] }),
  'board.pull': null,
  'settings.update': (world) => ({ theme: world.chance.one(['dark', 'light']) }),
  'bulk.audiences': null,
  'bulk.look': null,
  'bulk.send': (world) => ({
    clientId: clientId(),
    to: { people: [world.person(), world.person()], circles: [], roles: [] },
    text: 'Dear {firstName}',
  }),
  'bulk.list': null,
  'bulk.get': null,
  'bulk.recipients': null,
  'bulk.cancel': null,
  'audit.list': null,
  'audit.people': null,
  'instance.settings': null,
  'instance.changeSettings': null,
  'people.admin': null,
  'people.suspend': null,
  'people.restore': null,
  'people.resetPassword': null,
  'people.setPassword': null,
  'members.bans': null,
  'members.unban': (world) => ({ conversation: world.conversation(), person: world.person() }),
  'messages.edit': (world) => {
    const [conversation, message] = world.message()
    return { conversation, message, clientId: clientId(), text: `edit ${world.chance.below(1e6)}` }
  },
  'messages.delete': (world) => {
    const [conversation, message] = world.message()
    return { conversation, message, clientId: clientId() }
  },
  'messages.pin': (world) => {
    const [conversation, message] = world.message()
    return { conversation, message, pinned: world.chance.one([true, true, false]) }
  },
  'messages.pins': null,
  'blocks.set': (world) => ({ person: world.person(), blocked: world.chance.one([true, false, false]) }),
  'mutes.set': (world) => ({ person: world.person(), muted: world.chance.one([true, false]) }),
  'conversations.mute': (world) => ({ conversation: world.conversation(), minutes: world.chance.one([0, 5, null]) }),
  'reports.make': (world) => {
    const [conversation, message] = world.message()
    return { conversation, message, person: world.person(), reason: 'spam' }
  },
  'reports.list': null,
  'reports.get': null,
  'reports.decide': (world) => ({
    report: world.chance.one(world.reports) ?? nothing,
    decision: world.chance.one(['dismissed', 'warned', 'message_deleted', 'removed']),
  }),
  'notices.dismiss': (world) => ({ notice: world.chance.one(world.reports) ?? nothing }),
  'audit.verify': null,
  'health.look': null,
  'threads.look': null,
  'circles.mine': null,
  'circles.list': null,
  'circles.create': (world) => ({ name: `Circle ${world.chance.below(1e9)}` }),
  'circles.rename': null,
  'circles.delete': (world) => ({ circle: world.circle() }),
  'circles.members': null,
  'circles.setMembers': (world) => ({ circle: world.circle(), add: [world.person()], remove: [world.person()] }),
  'relationships.kinds': null,
  'relationships.makeKind': null,
  'relationships.changeKind': (world) => ({
    kind: world.chance.one(['teacher-of', 'guardian-of']),
    name: '',
    backName: '',
    find: 'both',
    start: 'both',
    supervises: world.chance.one([true, true, false]),
  }),
  'relationships.deleteKind': null,
  'relationships.list': null,
  'relationships.set': (world) => ({
    from: world.party(),
    kind: world.chance.one(['teacher-of', 'guardian-of']),
    to: world.party(),
    fromDate: null,
    untilDate: world.chance.one([null, '2099-12-31', '2001-12-31']),
  }),
  'relationships.end': (world) => ({
    relationship: world.chance.one(world.relationships) ?? nothing,
  }),
  // By REST alone, and no other than `relationships.set` in what it does.
  'relationships.import': null,
  'policy.simulate': null,
}

interface Followed {
  view: View
  head: number
  readonly floor: number
  read: number
}

/** Somebody who only listens, and what they make of it. */
class Follower {
  readonly person: TestPerson
  readonly socket: TestSocket
  readonly board = new Map<string, BoardRow['value']>()
  readonly followed = new Map<ConversationId, Followed>()
  private revision = 0
  private taken = 0
  /** Entries of conversations that have no card yet: it may come a moment later. */
  private readonly early = new Map<ConversationId, Entry[]>()

  private constructor(person: TestPerson, socket: TestSocket) {
    this.person = person
    this.socket = socket
  }

  static async of(person: TestPerson): Promise<Follower> {
    const follower = new Follower(person, await person.connect())
    await follower.listen()
    return follower
  }

  /** Takes in what has come. What was said to others before this is asked comes before the answer. */
  async listen(): Promise<void> {
    await this.socket.call('people.me', {})
    for (; this.taken < this.socket.pushed.length; this.taken++) {
      const frame = this.socket.pushed[this.taken] as TestSocket['pushed'][number]
      if (frame.type === 'board') {
        expect(frame.previous).toBe(this.revision)
        this.revision = frame.revision
        for (const { key, value } of frame.rows) await this.row(key, value)
      } else if (frame.type === 'entry') this.entry(frame.entry)
      else if (frame.type === 'read') {
        const followed = this.followed.get(frame.conversation)
        if (followed) followed.read = Math.max(followed.read, frame.place)
      }
    }
    // Nothing of a conversation comes to somebody who is not in it.
    expect([...this.early.keys()]).toEqual([])
  }

  private async row(key: string, value: BoardRow['value']) {
    if (value === null) this.board.delete(key)
    else this.board.set(key, value)
    const conversation = /^conversation\/(.*)/.exec(key)?.[1] as ConversationId | undefined
    if (!conversation) return
    if (value === null) {
      this.followed.delete(conversation)
      this.early.delete(conversation)
      return
    }
    if (this.followed.has(conversation)) return
    // New: it starts with a look, as every client does, and goes on with what comes above that. It may be over already.
    const snapshot = await this.look(conversation)
    if (snapshot) this.followed.set(conversation, snapshot)
    this.early.delete(conversation)
  }

  private entry(entry: Entry) {
    const followed = this.followed.get(entry.conversation)
    if (!followed) {
      this.early.set(entry.conversation, [...(this.early.get(entry.conversation) ?? []), entry])
      return
    }
    if (entry.place <= followed.head) return
    expect(entry.place).toBe(followed.head + 1)
    followed.head = entry.place
    followed.view = applyEntry(followed.view, entry)
  }

  /** What the server says now; null where there is nothing for this person. */
  async look(conversation: ConversationId): Promise<Followed | null> {
    const got = await this.socket.call('conversations.get', { conversation }).catch((error) => {
      expect(error.code).toBe('not_found')
      return null
    })
    if (!got) return null
    const { head, floor, read, details, members: count } = got.head
    const entries: Entry[] = []
    const about: Entry[] = []
    for (let after = floor - 1; after < head; ) {
      const page = await this.socket.call('messages.page', { conversation, after, limit: 200 })
      entries.push(...page.entries)
      about.push(...page.about)
      after = page.entries.at(-1)?.place ?? head
    }
    expect(entries.map((entry) => entry.place)).toEqual(
      Array.from({ length: head - floor + 1 }, (_, index) => floor + index),
    )
    const { members } = await this.socket.call('members.list', { conversation, limit: 100 })
    expect(members).toHaveLength(count)
    const { messages, pins: folded } = [...entries, ...about].reduce(applyEntry, emptyView)
    const pins = (await this.socket.call('messages.pins', { conversation })).pins.map(({ message }) => message.id)
    // What the log tells is what is kept beside it.
    expect(folded).toEqual(pins)
    const seats = members.map(({ person, role, silencedUntil }) => [person, { role, silencedUntil }] as const)
    return { view: { members: new Map(seats), details, messages, pins }, head, floor, read }
  }

  /** The law for this person. */
  async check(others: readonly ConversationId[]): Promise<void> {
    const { rows, more } = await this.socket.call('board.pull', { after: 0, limit: 500 })
    expect(more).toBe(false)
    const fresh = new Map(rows.flatMap((row) => (row.value === null ? [] : [[row.key, row.value] as const])))
    expect(sorted(this.board)).toEqual(sorted(fresh))
    const cards = [...fresh.keys()].filter((key) => key.startsWith('conversation/'))
    const { heads } = await this.socket.call('conversations.heads', {})
    expect(heads.map((head) => `conversation/${head.conversation}`).sort()).toEqual(cards.sort())
    expect([...this.followed.keys()].map((id) => `conversation/${id}`).sort()).toEqual(cards)
    for (const conversation of others) {
      const followed = this.followed.get(conversation)
      const now = await this.look(conversation)
      if (!followed || !now) {
        expect([followed, now]).toEqual([undefined, null])
        continue
      }
      expect(shown(followed)).toEqual(shown(now))
      const card = this.board.get(`conversation/${conversation}`) as ConversationCard
      expect(card.role).toBe(now.view.members.get(this.person.id)?.role)
    }
  }
}

function sorted(rows: ReadonlyMap<string, unknown>) {
  return [...rows].sort(([one], [other]) => (one < other ? -1 : 1))
}

function shown({ view, head, floor, read }: Followed) {
  return { ...view, members: sorted(view.members), head, floor, read }
}

test.each([1, 2, 3])(
  'what people make of the frames is what the server says afresh (seed %i)',
  {
    timeout: 120_000,
  },
  async (seed) => {
    // One connection: a transaction that waited for a second one would wait for itself.
    const server = await startTestServer({ requestsPerMinute: 1_000_000, databaseConnections: 1 })
    const names = ['alice', 'bob', 'carol', 'dave']
    const persons = [server.admin, ...(await Promise.all(names.map((name) => server.person(name))))]
    // In nothing, and with no part in what happens.
    const stranger = await Follower.of(await server.person('stranger'))
    const followers = await Promise.all(persons.map((person) => Follower.of(person)))
    const chance = new Chance(seed)
    const world: World = {
      chance,
      people: followers,
      conversations: [],
      invitations: [],
      messages: [],
      reports: [],
      circles: [],
      relationships: [],
      message: () => chance.one(world.messages) ?? [nothing, nothing],
      person: () => chance.one(followers).person.id,
      conversation: () => chance.one(world.conversations) ?? nothing,
      circle: () => chance.one(world.circles) ?? nothing,
      party: () =>
        chance.one<Party>([{ person: world.person() }, { person: world.person() }, { circle: world.circle() }]),
    }
    const asked = (commands as readonly CommandSpec[]).map((spec) => spec.name as CommandName)
    const deeds = asked.filter((name) => inputs[name] !== null)
    const done = new Map<CommandName, number>()

    async function act(follower: Follower, name: CommandName, input: object) {
      const { ack, error } = await follower.socket.ask({ type: name, ...input })
      if (error) {
        expect(errors, `${name}: ${JSON.stringify(error)}`).toHaveProperty(error.code)
        expect(error.code, `${name} ${JSON.stringify(input)}`).not.toBe('internal')
        return
      }
      done.set(name, (done.get(name) ?? 0) + 1)
      const reply = ack as {
        card?: ConversationCard
        conversation?: ConversationId
        invitation?: string
        id?: string
        report?: ReportId | { report: ReportId }
        bulk?: BulkId
      }
      const made = reply.card?.conversation ?? reply.conversation
      if (made && !world.conversations.includes(made)) world.conversations.push(made)
      if (name === 'circles.create') world.circles.push(reply.id as CircleId)
      if (name === 'messages.send')
        world.messages.push([(input as { conversation: ConversationId }).conversation, reply.id as EntryId])
      if (typeof reply.report === 'string') world.reports.push(reply.report)
      if (name === 'relationships.set') world.relationships.push(reply.id as RelationshipId)
      if (reply.invitation)
        world.invitations.push(`${(input as { conversation: string }).conversation} ${reply.invitation}`)
      // It goes on after the answer; what is compared next must stand still.
      if (reply.bulk)
        await vi.waitFor(async () => expect(await bulkState(follower, reply.bulk)).not.toBe('sending'), 10_000)
    }

    async function bulkState(follower: Follower, bulk: BulkId | undefined) {
      const { ack } = await follower.socket.ask({ type: 'bulk.get', bulk })
      return (ack as Reply<'bulk.get'>).state
    }

    /** For what is sure to be done: a walk of other steps would leave some of it out. */
    async function must(follower: Follower, name: CommandName, input: object) {
      const before = done.get(name) ?? 0
      await act(follower, name, input)
      expect(done.get(name), name).toBe(before + 1)
    }

    const [admin, alice] = followers as [Follower, Follower]
    for (const kind of ['groups.create', 'channels.create'] as const)
      await act(kind === 'groups.create' ? alice : admin, kind, inputs[kind]?.(world) as object)
    for (let step = 0; step < 400; step++) {
      // Sending and coming in are what people do most; without them everything would soon be empty.
      const name =
        step % 3 === 0 ? chance.one(['messages.send', 'members.add', 'channels.join'] as const) : chance.one(deeds)
      await act(chance.one(followers), name, (inputs[name] as (world: World) => object)(world))
      if (step % 40 !== 39) continue
      for (const follower of followers) await follower.listen()
      for (const follower of followers) await follower.check(world.conversations)
    }
    // What needs more luck than the walk has.
    const [bob, carol] = followers.slice(2) as [Follower, Follower]
    await act(admin, 'circles.create', { name: 'Class' })
    const circle = world.circles.at(-1) as CircleId
    const teaches = { from: { person: carol.person.id }, kind: 'teacher-of', to: { circle }, ...open }
    await act(admin, 'relationships.changeKind', {
      kind: 'teacher-of',
      name: '',
      backName: '',
      find: 'both',
      start: 'both',
      supervises: true,
    })
    await act(admin, 'relationships.set', teaches)
    const unseen = await Follower.of(await server.person('eve'))
    followers.push(unseen)
    await act(admin, 'circles.setMembers', { circle, add: [unseen.person.id], remove: [] })
    await act(unseen, 'threads.start', { person: bob.person.id, clientId: clientId(), text: 'hello' })
    for (const follower of followers) await follower.listen()
    expect([...carol.followed.values()].some(({ view }) => view.members.get(carol.person.id)?.role === 'reader')).toBe(
      true,
    )
    for (const follower of followers) await follower.check(world.conversations)
    await act(admin, 'relationships.end', { relationship: world.relationships.at(-1) as RelationshipId })
    await act(unseen, 'threads.start', { person: bob.person.id, clientId: clientId(), text: 'alone' })
    await act(admin, 'circles.delete', { circle })
    await act(admin, 'channels.create', { clientId: clientId(), name: 'Doomed', listed: true })
    const doomed = world.conversations.at(-1) as ConversationId
    for (const follower of followers) await act(follower, 'channels.join', { conversation: doomed })
    await act(bob, 'members.leave', { conversation: doomed })
    await act(admin, 'members.remove', { conversation: doomed, person: carol.person.id, banMinutes: 0 })
    await act(admin, 'members.unban', { conversation: doomed, person: carol.person.id })
    await act(admin, 'channels.delete', { conversation: doomed, name: 'Doomed' })
    // Who is blocked asks in vain.
    await act(alice, 'blocks.set', { person: bob.person.id, blocked: false })
    await act(bob, 'blocks.set', { person: alice.person.id, blocked: false })
    await act(admin, 'people.setRole', { person: bob.person.id, role: 'member' })
    await act(alice, 'groups.create', { clientId: clientId(), name: 'Strict', people: [bob.person.id] })
    const strict = { conversation: world.conversations.at(-1) as ConversationId, person: bob.person.id }
    await must(alice, 'members.setRole', { ...strict, role: 'moderator' })
    await must(bob, 'conversations.change', { conversation: strict.conversation, change: { topic: 'Rules' } })
    await must(bob, 'messages.send', { conversation: strict.conversation, clientId: clientId(), text: 'rude' })
    const [, message] = world.messages.at(-1) as [ConversationId, EntryId]
    const rude = { conversation: strict.conversation, message }
    await must(bob, 'messages.edit', { ...rude, clientId: clientId(), text: 'ruder' })
    await must(alice, 'messages.pin', { ...rude, pinned: true })
    await must(alice, 'reports.make', { ...rude, person: bob.person.id, reason: 'harassment' })
    const report = world.reports.at(-1) as ReportId
    await must(admin, 'reports.decide', { report, decision: 'warned' })
    await must(bob, 'notices.dismiss', { notice: report })
    await must(alice, 'messages.delete', { ...rude, clientId: clientId() })
    for (const name of ['receipts.read', 'receipts.delivered'] as const)
      await must(alice, name, { conversation: strict.conversation, place: 3 })
    await must(alice, 'conversations.mute', { conversation: strict.conversation, minutes: 5 })
    await must(alice, 'conversations.archive', { conversation: strict.conversation, archived: true })
    await must(alice, 'members.setRole', { ...strict, role: 'member' })
    await must(admin, 'instance.rotateKeys', {})
    const to = { people: [bob.person.id, carol.person.id], circles: [], roles: [] }
    await must(admin, 'bulk.send', { clientId: clientId(), to, text: 'Dear {firstName}' })
    await act(alice, 'members.silence', { ...strict, minutes: 5 })
    await act(alice, 'members.remove', { ...strict, banMinutes: 5 })
    await act(alice, 'members.unban', strict)
    await act(alice, 'threads.open', { clientId: clientId() })
    const free = world.conversations.at(-1) as ConversationId
    await act(alice, 'threads.invite', { conversation: free, expiresInHours: 1 })
    await act(bob, 'threads.join', { conversation: free })
    await alice.socket.next('board', ({ rows }) => rows[0]?.key === `request/${free}/${bob.person.id}`)
    await act(alice, 'threads.answer', { conversation: free, person: bob.person.id, admit: false })
    for (const follower of followers) await follower.listen()
    for (const follower of followers) await follower.check(world.conversations)

    await stranger.listen()
    await stranger.check(world.conversations)
    expect(stranger.followed.size).toBe(0)
    const toldOf = JSON.stringify(stranger.socket.pushed)
    for (const conversation of world.conversations) expect(toldOf).not.toContain(conversation)
    totals.push(done)
  },
)

const totals: ReadonlyMap<CommandName, number>[] = []

test('every command that changes something was carried out on the way', () => {
  const never = (Object.keys(inputs) as CommandName[]).filter(
    (name) => inputs[name] !== null && !totals.some((done) => done.has(name)),
  )
  expect(never).toEqual([])
})
