import type {
  Client,
  ConnectionState,
  ConversationItem,
  ConversationWindow,
  Me,
  MessageState,
  Row,
  Target,
  Watches,
  WatchName,
} from '@sotto/client'
import type {
  ClientId,
  CommandName,
  ConversationId,
  Details,
  Entry,
  Input,
  Person,
  PersonId,
  Reply,
} from '@sotto/protocol'
import { AppError, applyEntry, builtInRoles, countUnread, emptyView, memberMay, unreadCap } from '@sotto/protocol/pure'
import { bulkCalls } from './fake-bulk.ts'
import { groupCalls } from './fake-groups.ts'
import { moderationCalls } from './fake-moderation.ts'
import { addThread, makeWorld, say, sentence, type Thread, uuid, type World } from './fake-world.ts'

/** What a look at a screen may ask of the world: see `window.fake` in the fake build. */
export interface Drive {
  readonly world: World
  connection(state: ConnectionState): void
  receive(name: string, text: string): void
  typing(name: string, active: boolean): void
  long(name: string, count: number): void
  refuseNext(): void
}

const acknowledgeMs = 180
const fetchMs = 250

/** A `Client` over a world in memory: it behaves like a server that answers quickly. For development and for looking; never shipped. */
export function createFakeClient(scenario: string): Client & { readonly drive: Drive } {
  const world = makeWorld()
  const listeners = new Set<() => void>()
  const fetching = new Set<ConversationId>()
  let signedIn = !['signed-out', 'setup', 'closed'].includes(scenario)
  let connection: ConnectionState = { phase: 'online' }
  let refuse = false
  if (scenario === 'setup') world.instance = { name: '', ready: false, openSignUp: false }
  if (scenario === 'open') world.instance.openSignUp = true
  if (scenario === 'empty') {
    world.threads.clear()
    world.waiting = []
    world.requests = []
  }
  if (scenario === 'member') world.me = { ...world.me, role: 'member' }

  const changed = (): void => {
    for (const listener of listeners) listener()
  }
  const online = (): boolean => connection.phase === 'online'
  const me = (): Me | null =>
    signedIn
      ? {
          person: world.me,
          session: 's',
          settings: world.settings,
          permissions: builtInRoles[world.me.role as 'member'],
        }
      : null
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  /** A channel one is not in is known to the world, and not to this person. */
  const mine = (conversation: ConversationId): Thread | undefined => {
    const thread = world.threads.get(conversation)
    return thread?.members.includes(world.me.id) ? thread : undefined
  }
  const threadOf = (target: Target): Thread | undefined =>
    'conversation' in target
      ? mine(target.conversation)
      : [...world.threads.values()].find((thread) => thread.card.with === target.person)
  const byName = (name: string): Person => {
    const found = [...world.people.values()].find((person) => person.name === name)
    if (!found) throw new Error(`Nobody is called ${name}.`)
    return found
  }
  const threadWith = (name: string): Thread => threadOf({ person: byName(name).id }) ?? addThread(world, byName(name))
  const waitingIn = (target: Target) =>
    world.waiting.filter((one) => threadOf(one.target) === threadOf(target) || sameTarget(one.target, target))

  function stateOf(thread: Thread, place: number): MessageState {
    const { receipts } = thread
    if (receipts.length === 0) return 'sent'
    if (world.settings.shareRead && receipts.every(({ read }) => read >= place)) return 'read'
    return receipts.every(({ delivered }) => delivered >= place) ? 'delivered' : 'sent'
  }

  function unreadOf(thread: Thread) {
    const head = thread.entries.length
    const { count } = countUnread({
      entries: thread.entries,
      held: [{ from: 1, to: head }],
      floor: 1,
      head,
      read: thread.read,
      me: world.me.id,
    })
    return { count: Math.min(unreadCap, count), exact: count <= unreadCap }
  }

  function aboutOf({ card, details, members }: Thread) {
    return {
      details,
      members: members.length,
      mayPost: memberMay(card.role, 'post', details),
      mayPin: memberMay(card.role, 'pin', details),
      silencedUntil: null,
    }
  }

  function textOf(entry: Extract<Entry, { kind: 'message' }>): string {
    return world.deletions.has(entry.id) ? '' : (world.edits.get(entry.id) ?? entry.body.text)
  }

  function rowOf(thread: Thread, entry: Entry): Row {
    const event = { key: entry.id, place: entry.place, at: entry.at, by: entry.sender }
    switch (entry.kind) {
      case 'created':
        return { ...event, kind: 'created', person: entry.sender }
      case 'joined':
        return { ...event, kind: 'joined', person: entry.body.person, supervisor: entry.body.role === 'reader' }
      case 'left':
        return { ...event, kind: 'left', person: entry.body.person, supervisor: thread.card.kind === 'thread' }
      case 'role':
        return { ...event, kind: 'role', person: entry.body.person, role: entry.body.role }
      case 'silenced':
        return { ...event, kind: 'silenced', person: entry.body.person, until: entry.body.until }
      case 'changed':
        return { ...event, kind: 'changed', person: entry.sender, ...entry.body }
      case 'pinned':
        return { ...event, kind: 'pinned', person: entry.sender, pinned: entry.body.pinned }
      case 'edited':
      case 'deleted':
        throw new Error('The fake world keeps changes beside its entries.')
    }
    const mine = entry.sender === world.me.id
    return {
      kind: 'message',
      key: entry.clientId,
      id: entry.id,
      place: entry.place,
      sender: entry.sender,
      at: entry.at,
      text: textOf(entry),
      edited: world.edits.has(entry.id),
      deleted: world.deletions.get(entry.id) ?? null,
      state: mine ? stateOf(thread, entry.place) : null,
      readBy: mine && world.settings.shareRead ? thread.receipts.filter(({ read }) => read >= entry.place).length : 0,
      error: null,
    }
  }

  function windowOf({ target, window }: Watches['conversation']['ask']): ConversationWindow {
    const thread = threadOf(target)
    const waitingRows = waitingIn(target).map(
      (one): Row => ({
        kind: 'message',
        key: one.key,
        id: null,
        place: null,
        sender: world.me.id,
        at: one.at,
        text: one.text,
        edited: false,
        deleted: null,
        state: one.failed ? 'failed' : 'waiting',
        readBy: 0,
        error: one.failed ? { code: 'too_many_requests' } : null,
      }),
    )
    if (!thread) {
      const other = 'person' in target ? (world.people.get(target.person) ?? null) : null
      return {
        found: false,
        card: null,
        details: null,
        members: 0,
        mayPost: true,
        mayPin: false,
        silencedUntil: null,
        other,
        pair: [],
        rows: waitingRows,
        atStart: true,
        atEnd: true,
        loading: false,
        head: 0,
        read: 0,
        firstUnread: null,
        unread: { count: 0, exact: true },
        receipts: [],
        typing: [],
        draft: other ? (world.drafts.get(other.id) ?? null) : null,
      }
    }
    const head = thread.entries.length
    const anchor = window.anchor === 'end' ? head : window.anchor
    const wanted = Math.max(1, anchor - window.before)
    const from = Math.max(wanted, thread.heldFrom)
    const to = Math.min(head, anchor + window.after)
    const missing = wanted < thread.heldFrom
    if (missing && !fetching.has(thread.card.conversation) && online()) {
      fetching.add(thread.card.conversation)
      setTimeout(() => {
        fetching.delete(thread.card.conversation)
        thread.heldFrom = Math.max(1, wanted - 50)
        changed()
      }, fetchMs)
    }
    const rows = thread.entries.slice(from - 1, to).map((entry) => rowOf(thread, entry))
    const firstUnread = thread.entries.find(
      (entry) => entry.place > thread.read && entry.kind === 'message' && entry.sender !== world.me.id,
    )
    return {
      found: true,
      card: thread.card,
      ...aboutOf(thread),
      other: thread.card.with ? (world.people.get(thread.card.with) ?? null) : null,
      pair: [],
      rows: to === head ? [...rows, ...waitingRows] : rows,
      atStart: from === 1,
      atEnd: to === head,
      loading: missing,
      head,
      read: thread.read,
      firstUnread: firstUnread?.place ?? null,
      unread: unreadOf(thread),
      receipts: thread.receipts,
      typing: thread.typing,
      draft: thread.draft,
    }
  }

  function itemOf(thread: Thread): ConversationItem {
    const queue = waitingIn({ conversation: thread.card.conversation })
    const waiting = queue.at(-1)
    const entry = thread.entries.findLast((one) => one.kind === 'message')
    const last = waiting
      ? {
          text: waiting.text,
          sender: world.me.id,
          by: null,
          at: waiting.at,
          deleted: null,
          state: waiting.failed ? ('failed' as const) : ('waiting' as const),
        }
      : entry?.kind === 'message'
        ? {
            text: textOf(entry),
            sender: entry.sender,
            by: thread.card.kind === 'thread' ? null : (world.people.get(entry.sender) ?? null),
            at: entry.at,
            deleted: world.deletions.get(entry.id) ?? null,
            state: entry.sender === world.me.id ? stateOf(thread, entry.place) : null,
          }
        : null
    return {
      card: thread.card,
      ...aboutOf(thread),
      other: thread.card.with ? (world.people.get(thread.card.with) ?? null) : null,
      pair: [],
      last,
      at: last?.at ?? thread.entries[0]?.at ?? thread.card.createdAt,
      unread: unreadOf(thread),
      draft: thread.draft,
      typing: thread.typing,
      failed: queue.some((one) => one.failed),
    }
  }

  const answers: { [Name in WatchName]: (ask: Watches[Name]['ask']) => Watches[Name]['get'] } = {
    connection: () => (signedIn ? connection : { phase: 'signed_out' }),
    me,
    instance: () => world.instance,
    conversations: ({ archived }) =>
      [...world.threads.values()]
        .filter((thread) => thread.card.archived === archived && thread.members.includes(world.me.id))
        .map(itemOf)
        .sort((a, b) => (a.at < b.at ? 1 : -1)),
    conversation: windowOf,
    pins: ({ conversation }) => {
      const entries = world.threads.get(conversation)?.entries ?? []
      return entries.reduce(applyEntry, emptyView).pins.flatMap((pin) => {
        const entry = entries.find(({ id }) => id === pin)
        if (entry?.kind !== 'message' || world.deletions.has(pin)) return []
        const { id: message, place, sender, at } = entry
        return [{ message, place, sender, at, text: textOf(entry) }]
      })
    },
    people: ({ people, presence }) =>
      new Map(
        people.flatMap((id) => {
          const person = world.people.get(id)
          return person
            ? [[id, { person, presence: presence && online() ? (world.presence.get(id) ?? 'offline') : null }] as const]
            : []
        }),
      ),
    requests: () => world.requests,
    notices: () => world.notices,
    blocks: () => world.blocks,
    mutes: () => world.mutes,
    outbox: () => ({
      waiting: world.waiting.filter((one) => !one.failed).length,
      failed: world.waiting.filter((one) => one.failed).length,
    }),
  }

  async function deliver(): Promise<void> {
    await sleep(acknowledgeMs)
    const blocked = new Set<Thread | undefined>()
    for (const one of [...world.waiting]) {
      const known = threadOf(one.target)
      if (one.failed) blocked.add(known)
      if (one.failed || blocked.has(known) || !online()) continue
      if (refuse) {
        refuse = false
        one.failed = true
        continue
      }
      const thread = known ?? addThread(world, world.people.get((one.target as { person: PersonId }).person) as Person)
      world.waiting = world.waiting.filter((other) => other !== one)
      const entry = say(thread, world.me, one.text, new Date().toISOString(), one.key)
      thread.read = entry.place
      setTimeout(() => advance(thread, entry.place, 'delivered'), 500)
    }
    changed()
  }

  function advance(thread: Thread, place: number, what: 'delivered' | 'read'): void {
    thread.receipts = thread.receipts.map((receipt) => ({ ...receipt, [what]: Math.max(receipt[what], place) }))
    changed()
  }

  const calls: Partial<{ [Name in CommandName]: (input: never) => unknown }> = {
    ...groupCalls(world),
    ...bulkCalls(world),
    ...moderationCalls(world),
    'people.list': ({ prefix = '', after = '', limit = 50 }: Input<'people.list'>): Reply<'people.list'> => {
      const wanted = prefix.toLocaleLowerCase()
      const sorted = [...world.people.values()].sort((a, b) => a.displayName.localeCompare(b.displayName))
      const found = sorted.filter((person) =>
        `${person.displayName} ${person.name}`
          .toLocaleLowerCase()
          .split(' ')
          .some((word) => word.startsWith(wanted)),
      )
      const start = after ? found.findIndex((person) => person.name === after) + 1 : 0
      const page = found.slice(start, start + limit)
      return { people: page, next: start + limit < found.length ? (page.at(-1)?.name ?? null) : null }
    },
    'people.get': ({ people }: Input<'people.get'>) => ({ people: people.flatMap((id) => world.people.get(id) ?? []) }),
    'people.updateProfile': (change: Partial<Person>) => {
      world.me = { ...world.me, ...change }
      world.people.set(world.me.id, world.me)
      return world.me
    },
    'people.removePicture': () => {
      world.me = { ...world.me, picture: null }
      return world.me
    },
    'people.changePassword': ({ current }: Input<'people.changePassword'>) => {
      if (current === 'wrong') throw new AppError('wrong_credentials')
      world.sessions = world.sessions.filter((session) => session.current)
      return {}
    },
    'people.setRole': ({ person, role }: Input<'people.setRole'>) => {
      const found = world.people.get(person)
      if (!found) throw new AppError('not_found')
      if (person === world.me.id) throw new AppError('conflict')
      world.people.set(person, { ...found, role })
      return world.people.get(person)
    },
    'people.admin': ({ prefix = '' }: Input<'people.admin'>): Reply<'people.admin'> => ({
      people: [...world.people.values()]
        .filter((person) => person.displayName.toLocaleLowerCase().startsWith(prefix.toLocaleLowerCase()))
        .map((person) => ({ person, createdAt: new Date(0).toISOString(), suspended: null })),
      next: null,
    }),
    'roles.list': (): Reply<'roles.list'> => ({
      roles: Object.entries(builtInRoles).map(([id, permissions]) => ({
        id,
        name: '',
        permissions: [...permissions],
        builtIn: true,
      })),
    }),
    'instance.settings': (): Reply<'instance.settings'> => ({}),
    'audit.people': (): Reply<'audit.people'> => ({ people: [...world.people.values()] }),
    'audit.list': (): Reply<'audit.list'> => ({ records: [], next: null }),
    'reports.list': (): Reply<'reports.list'> => ({ reports: [], people: [], next: null }),
    'relationships.kinds': (): Reply<'relationships.kinds'> => ({ kinds: [] }),
    'relationships.list': (): Reply<'relationships.list'> => ({ relationships: [], next: null }),
    'sessions.list': () => ({ sessions: world.sessions }),
    'sessions.revoke': ({ session }: Input<'sessions.revoke'>) => {
      world.sessions = world.sessions.filter((one) => one.id !== session)
      return {}
    },
    'settings.update': (change: Partial<World['settings']>) => {
      world.settings = { ...world.settings, ...change }
      return world.settings
    },
    'instance.update': (change: Partial<World['instance']>) => {
      world.instance = { ...world.instance, ...change }
      return world.instance
    },
    'invitations.list': () => ({ invitations: world.invitations }),
    'invitations.create': ({ role, uses, expiresInHours }: Input<'invitations.create'>) => {
      const expiresAt = new Date(Date.now() + expiresInHours * 3_600_000).toISOString()
      const invitation = { id: uuid<never>(), role, usesLeft: uses, expiresAt, createdAt: new Date().toISOString() }
      world.invitations = [...world.invitations, invitation]
      return { invitation, token: 'vGq3m1Xk9Zt0r7Yb2Lw8' }
    },
    'invitations.revoke': ({ invitation }: Input<'invitations.revoke'>) => {
      world.invitations = world.invitations.filter((one) => one.id !== invitation)
      return {}
    },
    'invitations.preview': ({ invitation }: Input<'invitations.preview'>) => {
      if (invitation.startsWith('expired')) throw new AppError('link_expired')
      return { instance: world.instance.name, invitedBy: 'Rita Moreau', role: 'member' }
    },
    'conversations.get': ({ conversation }: Input<'conversations.get'>) => {
      const thread = world.threads.get(conversation)
      if (!thread) throw new AppError('not_found')
      return {
        card: thread.card,
        head: {
          conversation,
          head: thread.entries.length,
          floor: 1,
          read: thread.read,
          details: thread.details,
          members: thread.members.length,
          receipts: thread.receipts,
        },
      }
    },
    'conversations.archive': ({ conversation, archived }: Input<'conversations.archive'>) => {
      const thread = world.threads.get(conversation)
      if (!thread) throw new AppError('not_found')
      thread.card = { ...thread.card, archived }
      return {}
    },
    'threads.look': ({ person }: Input<'threads.look'>): Reply<'threads.look'> => ({
      conversation: threadOf({ person })?.card.conversation ?? null,
      mayWrite: true,
      policy: 'managed',
      supervisors: [],
    }),
    'threads.open': () => ({ conversation: addThread(world, null).card.conversation }),
    'threads.invite': ({ expiresInHours }: Input<'threads.invite'>) => ({
      invitation: 'Jm4kQ0pR7sT2uV9wX1yZ',
      expiresAt: new Date(Date.now() + expiresInHours * 3_600_000).toISOString(),
    }),
    'threads.join': ({ invitation }: Input<'threads.join'>): Reply<'threads.join'> => {
      if (invitation?.startsWith('expired')) throw new AppError('link_expired')
      return invitation
        ? { state: 'joined', conversation: addThread(world, byName('ilse')).card.conversation }
        : { state: 'asked', conversation: null }
    },
    'threads.answer': ({ conversation, person, admit }: Input<'threads.answer'>) => {
      world.requests = world.requests.filter((one) => one.conversation !== conversation || one.person !== person)
      const thread = world.threads.get(conversation)
      if (admit && thread) thread.card = { ...thread.card, with: person }
      return {}
    },
  }

  async function enter(as: Partial<Person>): Promise<Me> {
    await sleep(acknowledgeMs)
    signedIn = true
    world.me = { ...world.me, ...as }
    world.people.set(world.me.id, world.me)
    changed()
    return me() as Me
  }

  const client: Client = {
    async instance() {
      if (scenario === 'unreachable') throw new AppError('unavailable')
      return world.instance
    },
    async signIn({ name, password }) {
      await sleep(acknowledgeMs)
      if (password === 'wrong') throw new AppError('wrong_credentials')
      return enter({ name })
    },
    async signUp({ name, displayName }) {
      if (name === 'ana') throw new AppError('name_taken')
      return enter({ name, displayName, role: 'member' })
    },
    async setUp({ name, displayName, instance, setup }) {
      if (setup.startsWith('used')) throw new AppError('link_expired')
      world.instance = { ...world.instance, name: instance, ready: true }
      world.threads.clear()
      world.waiting = []
      world.requests = []
      return enter({ name, displayName, role: 'admin' })
    },
    async resume() {
      if (scenario === 'unreachable') throw new AppError('unavailable')
      return me()
    },
    async signOut() {
      signedIn = false
      changed()
    },
    watch(name, ask, listener) {
      const tell = (): void => listener(answers[name](ask))
      listeners.add(tell)
      tell()
      return () => listeners.delete(tell)
    },
    async send(target, text) {
      const key = uuid<ClientId>()
      world.waiting.push({ key, target, text, at: new Date().toISOString(), failed: false })
      changed()
      void deliver()
      return key
    },
    async retry(message, text) {
      for (const one of world.waiting) {
        if (one.key !== message) continue
        one.failed = false
        if (text !== undefined) one.text = text
      }
      changed()
      void deliver()
    },
    async discard(message) {
      world.waiting = world.waiting.filter((one) => one.key !== message)
      changed()
      void deliver()
    },
    async markRead(conversation, place) {
      const thread = world.threads.get(conversation)
      if (!thread || thread.read >= place) return
      thread.read = place
      changed()
    },
    setTyping() {},
    async setDraft(target, text) {
      const thread = threadOf(target)
      if (thread) thread.draft = text || null
      else if ('person' in target) world.drafts.set(target.person, text)
      changed()
    },
    setPresence() {},
    async call(name, input) {
      if (!online()) throw new AppError('unavailable')
      await sleep(80)
      const answer = calls[name] as ((input: unknown) => never) | undefined
      if (!answer) throw new Error(`The fake does not know ${name}.`)
      const reply = answer(input)
      changed()
      return reply
    },
    async setPicture(picture) {
      if (picture.type === 'image/gif') throw new AppError('unsupported')
      pictures.set(world.me.id, picture)
      world.me = { ...world.me, picture: uuid() }
      changed()
      return world.me
    },
    async setConversationPicture(conversation, picture) {
      pictures.set(conversation, picture)
      const answer = calls['conversations.change'] as (input: unknown) => { details: Details }
      const { details } = answer({ conversation, change: { picture: uuid<never>() } })
      changed()
      return details
    },
    async picture(of) {
      return pictures.get('conversation' in of ? of.conversation : of.id) ?? null
    },
    async close() {},
  }
  const pictures = new Map<PersonId | ConversationId, Blob>()

  const drive: Drive = {
    world,
    connection(state) {
      connection = state
      changed()
      if (state.phase === 'online') void deliver()
    },
    receive(name, text) {
      const thread = threadWith(name)
      thread.typing = []
      say(thread, byName(name), text)
      changed()
    },
    typing(name, active) {
      threadWith(name).typing = active ? [byName(name).id] : []
      changed()
    },
    long(name, count) {
      const thread = threadWith(name)
      const start = Date.now() - count * 60_000
      for (let i = 0; i < count; i++)
        say(
          thread,
          i % 3 ? byName(name) : world.me,
          `${i + 1}: ${sentence(i)}`,
          new Date(start + i * 60_000).toISOString(),
        )
      thread.read = thread.entries.length
      thread.heldFrom = thread.entries.length - 100
      changed()
    },
    refuseNext() {
      refuse = true
    },
  }
  return { ...client, drive }
}

function sameTarget(a: Target, b: Target): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
