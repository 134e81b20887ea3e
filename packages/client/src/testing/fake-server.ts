import type {
  BoardRow,
  ClientId,
  ConversationCard,
  ConversationId,
  ConversationKind,
  Details,
  Draft,
  Entry,
  EntryId,
  ErrorBody,
  Head,
  Instance,
  MemberRole,
  Person,
  PersonId,
  PushFrame,
  Receipt,
  Settings,
  SignedIn,
} from '@sotto/protocol'
import {
  AppError,
  applyEntry,
  builtInRoles,
  defaultDetails,
  defaultSettings,
  emptyView,
  errors,
  maxMembersWithReceipts,
} from '@sotto/protocol/pure'
import type { Fetch, OpenSocket, SocketEvents } from '#client/core/ports.ts'
import { errorBody } from '#client/core/rest.ts'
import { withoutText } from '#client/core/store.ts'
import type { FakeClock, FakeRandom } from './fake-clock.ts'

/** How bad the network is. Chances are per frame. */
export interface Weather {
  /** Frames take up to this long. */
  readonly delayMs: number
  /** Pushes overtake each other and the answers. */
  readonly reorder: boolean
  readonly dropPush: number
  readonly duplicatePush: number
  readonly dropAnswer: number
  /** The connection ends before the server has read a frame, or after it did its work and before the answer. */
  readonly cutBefore: number
  readonly cutAfter: number
}

export const fairWeather: Weather = {
  delayMs: 0,
  reorder: false,
  dropPush: 0,
  duplicatePush: 0,
  dropAnswer: 0,
  cutBefore: 0,
  cutAfter: 0,
}

interface Conversation {
  readonly id: ConversationId
  readonly kind: ConversationKind
  details: Details
  readonly members: PersonId[]
  readonly roles: Map<PersonId, MemberRole>
  readonly entries: Entry[]
  readonly floors: Map<PersonId, number>
  readonly receipts: Map<PersonId, Receipt>
  readonly createdAt: string
}

type News = Entry extends infer One ? (One extends Entry ? Pick<One, 'kind' | 'body'> : never) : never

interface Account {
  readonly person: Person
  readonly password: string
  readonly rows: Map<string, BoardRow>
  revision: number
  read: Map<ConversationId, number>
}

interface Line {
  readonly person: PersonId
  push(frame: PushFrame): void
}

/**
 * A server in memory that speaks the protocol: sockets, server-sent events, long polling and the REST the client uses. It is strict
 * about what a client may rely on and no more: pushes are hints, places have no gaps, client ids are unique for ever.
 */
export class FakeServer {
  weather: Weather = fairWeather
  /** What is reachable. */
  socketsOpen = true
  eventsOpen = true
  restOpen = true
  /** Commands that are refused, by name. */
  readonly refuse = new Map<string, (input: Record<string, unknown>) => AppError | null>()
  readonly accounts = new Map<PersonId, Account>()
  readonly conversations = new Map<ConversationId, Conversation>()
  /** Every command that was carried out, in order. */
  readonly log: { readonly person: PersonId; readonly type: string; readonly input: Record<string, unknown> }[] = []
  readonly sockets = new Set<FakeSocket>()
  instance: Instance = { name: 'Test', ready: true, openSignUp: false }
  instanceCount = 0
  refreshCount = 0
  pictureCount = 0
  loseNextRefreshAnswer = false
  /** A refresh token that was exchanged may be exchanged again this long. */
  graceMs = 30_000
  tokenLifeMs = 600_000
  pullLimit = 2_000
  readonly clock: FakeClock
  readonly random: FakeRandom
  private readonly lines = new Set<Line>()
  private readonly taken = new Map<string, Entry>()
  private readonly accessTokens = new Map<
    string,
    { readonly person: PersonId; readonly endsAt: number; readonly session: string }
  >()
  private readonly refreshTokens = new Map<
    string,
    { person: PersonId; session: string; next: SignedIn | null; usedAt: number }
  >()
  private readonly endedSessions = new Set<string>()
  private cookie: string | null = null
  private pollers: (() => void)[] = []

  constructor(clock: FakeClock, random: FakeRandom) {
    this.clock = clock
    this.random = random
  }

  addPerson(name: string): Person {
    const id = this.random.uuid() as PersonId
    const person: Person = { id, name, displayName: name, status: '', timeZone: '', picture: null, role: 'member' }
    this.accounts.set(id, { person, password: `${name}-password`, rows: new Map(), revision: 0, read: new Map() })
    return person
  }

  /** A thread of two, or a group of more. */
  addConversation(
    people: readonly PersonId[],
    count = 0,
    kind: ConversationKind = people.length === 2 ? 'thread' : 'group',
  ): ConversationId {
    const id = this.random.uuid() as ConversationId
    const conversation: Conversation = {
      id,
      kind,
      details: { ...defaultDetails[kind], name: kind === 'thread' ? null : 'A group' },
      members: [...people],
      roles: new Map(),
      entries: [],
      floors: new Map(),
      receipts: new Map(),
      createdAt: this.time(),
    }
    this.conversations.set(id, conversation)
    for (const person of people) this.setRow(person, `conversation/${id}`, this.cardFor(conversation, person))
    for (let index = 0; index < count; index++)
      this.say(id, people[index % people.length] as PersonId, `history ${index + 1}`, false)
    return id
  }

  admit(id: ConversationId, person: PersonId) {
    const conversation = this.get(id)
    conversation.members.push(person)
    this.setRow(person, `conversation/${id}`, this.cardFor(conversation, person))
  }

  putOut(id: ConversationId, person: PersonId) {
    const { members } = this.get(id)
    members.splice(members.indexOf(person), 1)
    this.setRow(person, `conversation/${id}`, null)
  }

  /** Somebody comes into a group or channel and reads from there on. */
  seat(id: ConversationId, person: PersonId, by = person) {
    const conversation = this.get(id)
    conversation.members.push(person)
    conversation.floors.set(person, conversation.entries.length + 1)
    this.setRow(person, `conversation/${id}`, this.cardFor(conversation, person))
    this.tell(id, by, { kind: 'joined', body: { person, members: conversation.members.length } })
  }

  /** Somebody reads a thread along from there on. */
  supervise(id: ConversationId, person: PersonId) {
    const conversation = this.get(id)
    conversation.members.push(person)
    conversation.roles.set(person, 'reader')
    conversation.floors.set(person, conversation.entries.length + 1)
    this.setRow(person, `conversation/${id}`, this.cardFor(conversation, person))
    this.tell(id, person, { kind: 'joined', body: { person, members: conversation.members.length, role: 'reader' } })
  }

  unseat(id: ConversationId, person: PersonId, by = person) {
    const conversation = this.get(id)
    this.putOut(id, person)
    conversation.receipts.delete(person)
    this.tell(id, by, { kind: 'left', body: { person, members: conversation.members.length } })
  }

  setRole(id: ConversationId, person: PersonId, role: MemberRole, by: PersonId) {
    this.get(id).roles.set(person, role)
    this.setRow(person, `conversation/${id}`, this.cardFor(this.get(id), person))
    this.tell(id, by, { kind: 'role', body: { person, role } })
  }

  changeDetails(id: ConversationId, change: Partial<Details>, by: PersonId) {
    const conversation = this.get(id)
    conversation.details = { ...conversation.details, ...change }
    const fields = Object.keys(change) as (keyof Details)[]
    this.tell(id, by, { kind: 'changed', body: { details: conversation.details, fields } })
  }

  /** Any entry but a message. */
  tell(id: ConversationId, by: PersonId, news: News, announce = true): Entry {
    return this.append(this.get(id), by, this.random.uuid() as ClientId, news, announce)
  }

  /** A message by somebody who is not on a client of ours. */
  say(conversation: ConversationId, person: PersonId, text: string, announce = true): Entry {
    const news = { kind: 'message', body: { text } } as const
    return this.append(this.get(conversation), person, this.random.uuid() as ClientId, news, announce)
  }

  /** An edit by somebody who is not on a client of ours. */
  edit(conversation: ConversationId, message: EntryId, text: string, announce = true): Entry {
    const { sender } = this.messageIn(this.get(conversation), message)
    return this.alter(this.get(conversation), sender, message, { kind: 'edited', body: { text } }, announce)
  }

  delete(conversation: ConversationId, message: EntryId, announce = true): Entry {
    const { sender } = this.messageIn(this.get(conversation), message)
    return this.alter(this.get(conversation), sender, message, { kind: 'deleted', body: { by: 'sender' } }, announce)
  }

  /** Says nothing where it is so already. */
  pin(id: ConversationId, message: EntryId, pinned: boolean, by: PersonId, announce = true) {
    const conversation = this.get(id)
    const target = this.messageIn(conversation, message).id
    if (this.pinsOf(conversation).some((pin) => pin.message.id === target) === pinned) return
    const news = { kind: 'pinned', target, body: { pinned } } as never
    this.append(conversation, by, this.random.uuid() as ClientId, news, announce)
  }

  entriesOf(conversation: ConversationId): readonly Entry[] {
    return this.get(conversation).entries
  }

  readPlaceOf(person: PersonId, conversation: ConversationId): number {
    return this.account(person).read.get(conversation) ?? 0
  }

  receiptOf(person: PersonId, conversation: ConversationId): Receipt | undefined {
    return this.get(conversation).receipts.get(person)
  }

  /** Cuts all sockets. */
  cutAll(code = 1006, reason = '') {
    for (const socket of [...this.sockets]) socket.end(code, reason)
  }

  endSession(session: string) {
    this.endedSessions.add(session)
    for (const socket of [...this.sockets]) if (socket.session === session) socket.end(4001, '')
  }

  hasEnded(session: string): boolean {
    return this.endedSessions.has(session)
  }

  expireAccessTokens() {
    this.accessTokens.clear()
  }

  /** As a browser that lost its cookies. */
  forgetCookie() {
    this.cookie = null
  }

  readonly openSocket: OpenSocket = (_url, events) => {
    const socket = new FakeSocket(this, events)
    this.clock.after(1, () => {
      if (!this.socketsOpen) socket.end(1006, '')
      else socket.open()
    })
    return socket
  }

  readonly fetch: Fetch = async (url, init) => {
    await new Promise<void>((resolve) => this.clock.after(1, resolve))
    if (!this.restOpen) throw new TypeError('fetch failed')
    const path = new URL(url).pathname.replace('/api/v1', '')
    const body = typeof init.body === 'string' ? JSON.parse(init.body) : {}
    try {
      if (init.method === 'GET' && /^\/(people|conversations)\/.*\/picture$/.test(path))
        return this.picture(new URL(url))
      return await this.rest(`${init.method} ${path}`, body, init)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return Response.json({ error: errorBody(error) }, { status: errors[error.code].status })
    }
  }

  hello(token: string): { readonly person: PersonId; readonly session: string } {
    const known = this.accessTokens.get(token)
    if (!known) throw new AppError('unauthenticated')
    if (known.endsAt <= this.clock.now()) throw new AppError('token_expired')
    if (this.endedSessions.has(known.session)) throw new AppError('unauthenticated')
    return known
  }

  welcome(person: PersonId, session: string) {
    const { revision, person: profile } = this.account(person)
    const permissions = [...builtInRoles[profile.role as 'member']]
    return { person, session, board: revision, heads: this.headsFor(person), permissions }
  }

  listen(line: Line): () => void {
    this.lines.add(line)
    return () => this.lines.delete(line)
  }

  /** One command. Throws the refusal. */
  run(person: PersonId, type: string, input: Record<string, unknown>): unknown {
    const refusal = this.refuse.get(type)?.(input)
    if (refusal) throw refusal
    this.log.push({ person, type, input })
    const conversation = () => this.memberOf(person, input.conversation as ConversationId)
    switch (type) {
      case 'ping':
        return { heads: this.headsFor(person).map(({ conversation: id, head }) => ({ conversation: id, head })) }
      case 'conversations.heads':
        return { heads: this.headsFor(person) }
      case 'conversations.get': {
        const found = conversation()
        return { card: this.cardFor(found, person), head: this.headFor(found, person), members: found.members }
      }
      case 'messages.send':
        return this.accept(conversation(), person, input.clientId as ClientId, input.text as string)
      case 'messages.edit':
      case 'messages.delete': {
        const message = this.messageIn(conversation(), input.message as EntryId)
        if (message.sender !== person) throw new AppError('forbidden', 'message')
        const news =
          type === 'messages.edit'
            ? ({ kind: 'edited', body: { text: input.text as string } } as const)
            : ({ kind: 'deleted', body: { by: 'sender' } } as const)
        const clientId = input.clientId as ClientId
        const earlier = this.taken.get(`${person}/${clientId}`)
        const { id, place, at } = earlier ?? this.alter(conversation(), person, message.id, news, true, clientId)
        return { id, place, at }
      }
      case 'messages.pin': {
        this.pin(conversation().id, input.message as EntryId, input.pinned as boolean, person)
        return {}
      }
      case 'messages.pins': {
        const { entries } = conversation()
        const pins = this.pinsOf(conversation())
        const about = newestAbout(
          pins.map(({ message }) => message),
          entries,
        )
        return { pins, about, head: entries.length }
      }
      case 'conversations.mute': {
        const minutes = input.minutes as number | null
        const until = minutes === null ? '9999-12-31T00:00:00.000Z' : this.time(minutes * 60_000)
        const mutedUntil = minutes === 0 ? null : until
        this.setRow(person, `conversation/${conversation().id}`, {
          ...this.cardFor(conversation(), person),
          mutedUntil,
        })
        return { mutedUntil }
      }
      case 'blocks.set':
      case 'mutes.set': {
        const isSet = type === 'blocks.set' ? input.blocked : input.muted
        const key = `${type === 'blocks.set' ? 'block' : 'mute'}/${input.person}`
        this.setRow(person, key, isSet ? { person: input.person as PersonId, at: this.time() } : null)
        return {}
      }
      case 'notices.dismiss':
        this.setRow(person, `notice/${input.notice}`, null)
        return {}
      case 'threads.start':
        return this.start(person, input.person as PersonId, input.clientId as ClientId, input.text as string)
      case 'messages.pull':
        return this.pull(person, input as never)
      case 'board.pull': {
        const after = input.after as number
        const rows = [...this.account(person).rows.values()]
          .filter((row) => row.revision > after)
          .sort((a, b) => a.revision - b.revision)
        const limit = (input.limit as number | undefined) ?? 100
        return { rows: rows.slice(0, limit), revision: this.account(person).revision, more: rows.length > limit }
      }
      case 'receipts.read':
        return this.read(conversation(), person, input.place as number)
      case 'receipts.delivered':
        return this.receipt(conversation(), person, { delivered: input.place as number })
      case 'drafts.set': {
        const text = input.text as string | null
        const draft: Draft | null = text ? { conversation: conversation().id, text, at: this.time() } : null
        this.setRow(person, `draft/${conversation().id}`, draft)
        return { at: this.time() }
      }
      case 'typing.set':
        for (const other of conversation().members) {
          if (other !== person)
            this.push(other, {
              type: 'typing',
              conversation: conversation().id,
              person,
              active: input.active as boolean,
            })
        }
        return {}
      case 'people.get':
        return { people: (input.people as PersonId[]).flatMap((id) => this.accounts.get(id)?.person ?? []) }
      case 'people.updateProfile': {
        Object.assign(this.account(person).person, input)
        return this.account(person).person
      }
      case 'presence.set':
        return {}
      case 'presence.watch':
        return { people: (input.people as PersonId[]).map((id) => ({ person: id, state: 'offline' })) }
      case 'settings.update': {
        const settings = {
          ...((this.account(person).rows.get('settings')?.value as Settings) ?? defaultSettings),
          ...input,
        }
        this.setRow(person, 'settings', settings)
        return settings
      }
      case 'instance.update':
        this.instance = { ...this.instance, ...input }
        return this.instance
      default:
        throw new AppError('not_found', type)
    }
  }

  private picture(url: URL): Response {
    this.pictureCount++
    return new Response(`picture ${url.searchParams.get('v')}`, { headers: { 'content-type': 'image/png' } })
  }

  private async rest(route: string, body: Record<string, unknown>, init: RequestInit): Promise<Response> {
    const authorised = () => this.hello(new Headers(init.headers).get('authorization')?.slice('Bearer '.length) ?? '')
    switch (route) {
      case 'GET /instance':
        this.instanceCount++
        return Response.json(this.instance)
      case 'POST /setup':
        this.instance = { ...this.instance, name: body.instance as string, ready: true }
        return this.rest('POST /sessions', body, init)
      case 'POST /sessions': {
        const account = [...this.accounts.values()].find(({ person }) => person.name === body.name)
        if (!account || account.password !== body.password) throw new AppError('wrong_credentials')
        return this.signedIn(account.person, this.random.uuid(), body.keep === 'cookie')
      }
      case 'POST /sessions/refresh':
        return this.refresh(body.refreshToken as string | undefined)
      case 'POST /sessions/sign-out': {
        const { session } = authorised()
        this.endSession(session)
        this.cookie = null
        return Response.json({})
      }
      case 'POST /frames': {
        const { person } = authorised()
        const { id, type, ...input } = body as { id: number; type: string }
        return Response.json(this.answer(person, id, type, input))
      }
      case 'GET /events':
        if (!this.eventsOpen) return new Response('blocked', { status: 502 })
        return this.events(authorised(), init.signal ?? null)
      case 'POST /poll':
        return this.poll(authorised().person, body as never)
      default:
        throw new AppError('not_found', route)
    }
  }

  answer(
    person: PersonId,
    id: number,
    type: string,
    input: Record<string, unknown>,
  ): { id: number; ack?: unknown; error?: ErrorBody } {
    try {
      return { id, ack: this.run(person, type, input) }
    } catch (error) {
      return { id, error: errorBody(error) }
    }
  }

  private signedIn(person: Person, session: string, byCookie: boolean): Response {
    const reply = this.newTokens(person, session)
    if (byCookie) this.cookie = reply.refreshToken ?? null
    const { refreshToken: _, ...withoutToken } = reply
    return Response.json(byCookie ? withoutToken : reply)
  }

  private newTokens(person: Person, session: string): SignedIn {
    const accessToken = this.random.uuid()
    const refreshToken = this.random.uuid()
    const endsAt = this.clock.now() + this.tokenLifeMs
    this.accessTokens.set(accessToken, { person: person.id, endsAt, session })
    this.refreshTokens.set(refreshToken, { person: person.id, session, next: null, usedAt: 0 })
    return { person, session, accessToken, expiresAt: new Date(endsAt).toISOString(), refreshToken }
  }

  private refresh(given: string | undefined): Response {
    const known = this.refreshTokens.get(given ?? this.cookie ?? '')
    if (!known || this.endedSessions.has(known.session)) throw new AppError('unauthenticated')
    if (known.next && this.clock.now() - known.usedAt > this.graceMs) {
      this.endedSessions.add(known.session)
      throw new AppError('unauthenticated')
    }
    this.refreshCount++
    known.next ??= this.newTokens(this.account(known.person).person, known.session)
    known.usedAt ||= this.clock.now()
    if (given === undefined) this.cookie = known.next.refreshToken ?? null
    if (this.loseNextRefreshAnswer) {
      this.loseNextRefreshAnswer = false
      throw new TypeError('fetch failed')
    }
    const { refreshToken, ...withoutToken } = known.next
    return Response.json(given === undefined ? withoutToken : { ...withoutToken, refreshToken })
  }

  private events(
    { person, session }: { readonly person: PersonId; readonly session: string },
    signal: AbortSignal | null,
  ): Response {
    const encoder = new TextEncoder()
    let stop = () => {}
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const write = (frame: object) => controller.enqueue(encoder.encode(`data: ${JSON.stringify(frame)}\n\n`))
        stop = this.listen({ person, push: write })
        write({ type: 'welcome', ...this.welcome(person, session) })
        signal?.addEventListener('abort', () => {
          stop()
          controller.error(new DOMException('aborted', 'AbortError'))
        })
      },
      cancel: () => stop(),
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }

  private async poll(person: PersonId, cursors: { board: number; heads: Record<string, number> }): Promise<Response> {
    const frames: PushFrame[] = []
    const isBeyond = () =>
      this.account(person).revision > cursors.board ||
      this.headsFor(person).some(({ conversation, head }) => head > (cursors.heads[conversation] ?? 0))
    if (!isBeyond()) {
      await new Promise<void>((resolve) => {
        const done = () => {
          cancelTimer()
          stop()
          resolve()
        }
        const cancelTimer = this.clock.after(25_000, done)
        const stop = this.listen({
          person,
          push: (frame) => {
            frames.push(frame)
            done()
          },
        })
        this.pollers.push(done)
      })
    }
    const heads = this.headsFor(person).filter(({ conversation, head }) => head > (cursors.heads[conversation] ?? 0))
    return Response.json({ frames, heads, board: this.account(person).revision })
  }

  private start(person: PersonId, other: PersonId, clientId: ClientId, text: string) {
    if (!this.accounts.has(other) || other === person) throw new AppError('not_found')
    let thread = [...this.conversations.values()].find(
      ({ kind, members }) => kind === 'thread' && members.includes(person) && members.includes(other),
    )
    thread ??= this.get(this.addConversation([person, other]))
    return { conversation: thread.id, ...this.accept(thread, person, clientId, text) }
  }

  private accept(conversation: Conversation, person: PersonId, clientId: ClientId, text: string) {
    const { id, place, at } =
      this.taken.get(`${person}/${clientId}`) ??
      this.append(conversation, person, clientId, { kind: 'message', body: { text } }, true)
    return { id, place, at }
  }

  /** As the server does: what a deleted message and its edits said is gone from the log. */
  private alter(
    conversation: Conversation,
    person: PersonId,
    target: EntryId,
    news: { kind: 'edited'; body: { text: string } } | { kind: 'deleted'; body: { by: 'sender' | 'moderator' } },
    announce: boolean,
    clientId = this.random.uuid() as ClientId,
  ): Entry {
    const { entries } = conversation
    if (entries.some((entry) => entry.kind === 'deleted' && entry.target === target)) throw new AppError('conflict')
    if (news.kind === 'deleted')
      entries.forEach((entry, index) => {
        entries[index] = withoutText(entry, new Set([target]))
      })
    return this.append(conversation, person, clientId, { ...news, target } as never, announce)
  }

  private pinsOf({ entries }: Conversation): { message: Entry; place: number }[] {
    const { pins } = entries.reduce(applyEntry, emptyView)
    return pins.map((pin) => ({
      message: entries.find(({ id }) => id === pin) as Entry,
      place: entries.findLast((entry) => entry.kind === 'pinned' && entry.target === pin)?.place ?? 0,
    }))
  }

  private messageIn(conversation: Conversation, id: EntryId): Entry {
    const message = conversation.entries.find((entry) => entry.id === id && entry.kind === 'message')
    if (!message) throw new AppError('not_found', 'message')
    return message
  }

  private append(
    conversation: Conversation,
    person: PersonId,
    clientId: ClientId,
    news: News,
    announce: boolean,
  ): Entry {
    const pair = conversation.kind === 'thread' ? conversation.members.slice(0, 2) : []
    const other = pair.includes(person) ? pair.find((member) => member !== person) : undefined
    const entry = {
      conversation: conversation.id,
      place: conversation.entries.length + 1,
      id: this.random.uuid() as EntryId,
      sender: person,
      ...(other ? { receiver: other } : {}),
      clientId,
      at: this.time(),
      ...news,
    } as Entry
    conversation.entries.push(entry)
    this.taken.set(`${person}/${clientId}`, entry)
    if (announce) for (const member of conversation.members) this.push(member, { type: 'entry', entry })
    return entry
  }

  private pull(
    person: PersonId,
    input: {
      spans: { conversation: ConversationId; from: number; to: number; newestFirst?: boolean }[]
      limit?: number
    },
  ) {
    let left = Math.min(input.limit ?? 2_000, this.pullLimit)
    const spans = []
    const about: Entry[] = []
    for (const asked of input.spans) {
      const conversation = this.conversations.get(asked.conversation)
      if (!conversation?.members.includes(person) || left <= 0) continue
      let from = Math.max(asked.from, conversation.floors.get(person) ?? 1)
      let to = Math.min(asked.to, conversation.entries.length)
      if (asked.newestFirst) from = Math.max(from, to - left + 1)
      else to = Math.min(to, from + left - 1)
      const entries = conversation.entries.slice(from - 1, to)
      left -= entries.length
      spans.push({ conversation: asked.conversation, from, to, entries })
      about.push(...newestAbout(entries, conversation.entries.slice(to)))
    }
    return { spans, about }
  }

  private read(conversation: Conversation, person: PersonId, place: number) {
    if (place > conversation.entries.length) throw new AppError('invalid_input', 'place')
    const account = this.account(person)
    if (place > (account.read.get(conversation.id) ?? 0)) {
      account.read.set(conversation.id, place)
      this.push(person, { type: 'read', conversation: conversation.id, place })
    }
    return this.receipt(conversation, person, { read: place })
  }

  private receipt(conversation: Conversation, person: PersonId, moved: { delivered?: number; read?: number }) {
    const before = conversation.receipts.get(person) ?? { person, delivered: 0, read: 0 }
    const receipt = {
      person,
      delivered: Math.max(before.delivered, moved.delivered ?? 0),
      read: Math.max(before.read, moved.read ?? 0),
    }
    conversation.receipts.set(person, receipt)
    if (conversation.members.length > maxMembersWithReceipts) return {}
    for (const member of conversation.members)
      this.push(member, { type: 'receipt', conversation: conversation.id, receipt })
    return {}
  }

  setRow(person: PersonId, key: string, value: BoardRow['value']) {
    const account = this.account(person)
    const previous = account.revision
    const row = { key, revision: ++account.revision, value }
    account.rows.set(key, row)
    this.push(person, { type: 'board', previous, revision: row.revision, rows: [row] })
  }

  push(person: PersonId, frame: PushFrame) {
    for (const line of [...this.lines]) if (line.person === person) line.push(frame)
  }

  private cardFor(conversation: Conversation, person: PersonId): ConversationCard {
    const other = conversation.kind === 'thread' ? conversation.members.find((member) => member !== person) : undefined
    return {
      conversation: conversation.id,
      kind: conversation.kind,
      policy: 'managed',
      with: other ?? null,
      role: conversation.roles.get(person) ?? 'member',
      archived: false,
      mutedUntil: null,
      createdAt: conversation.createdAt,
    }
  }

  private headsFor(person: PersonId): Head[] {
    const mine = [...this.conversations.values()].filter(({ members }) => members.includes(person))
    return mine.map((conversation) => this.headFor(conversation, person))
  }

  private headFor(conversation: Conversation, person: PersonId): Head {
    return {
      conversation: conversation.id,
      head: conversation.entries.length,
      floor: conversation.floors.get(person) ?? 1,
      read: this.readPlaceOf(person, conversation.id),
      details: conversation.details,
      members: conversation.members.length,
      receipts:
        conversation.members.length > maxMembersWithReceipts
          ? []
          : conversation.members
              .filter((member) => member !== person)
              .filter((member) => conversation.kind !== 'thread' || conversation.roles.get(member) !== 'reader')
              .map((member) => conversation.receipts.get(member) ?? { person: member, delivered: 0, read: 0 }),
    }
  }

  private memberOf(person: PersonId, id: ConversationId): Conversation {
    const conversation = this.conversations.get(id)
    if (!conversation?.members.includes(person)) throw new AppError('not_found')
    return conversation
  }

  private get(id: ConversationId): Conversation {
    const conversation = this.conversations.get(id)
    if (!conversation) throw new Error('no such conversation')
    return conversation
  }

  private account(person: PersonId): Account {
    const account = this.accounts.get(person)
    if (!account) throw new Error('no such person')
    return account
  }

  private time(fromNow = 0): string {
    return new Date(this.clock.now() + fromNow).toISOString()
  }
}

class FakeSocket {
  session: string | null = null
  private readonly server: FakeServer
  private readonly events: SocketEvents
  private person: PersonId | null = null
  private isOver = false
  private stop = () => {}
  /** Frames of the client stay in their order, whatever each one’s delay. */
  private arrivesAt = 0
  private answersAt = 0

  constructor(server: FakeServer, events: SocketEvents) {
    this.server = server
    this.events = events
  }

  open() {
    if (this.isOver) return
    this.server.sockets.add(this)
    this.events.opened()
  }

  send(text: string) {
    const { clock, random } = this.server
    this.arrivesAt = Math.max(this.arrivesAt, clock.now() + random.fraction() * this.server.weather.delayMs)
    clock.after(this.arrivesAt - clock.now(), () => this.arrived(JSON.parse(text)))
  }

  close() {
    this.end(1000, '')
  }

  end(code: number, reason: string) {
    if (this.isOver) return
    this.isOver = true
    this.stop()
    this.server.sockets.delete(this)
    this.events.closed(code, reason)
  }

  private arrived({ id, type, ...input }: { id: number; type: string; token?: string }) {
    const { random, weather } = this.server
    if (this.isOver) return
    if (random.chance(weather.cutBefore)) return this.end(1006, '')
    if (type === 'hello') return this.hello(id, input.token ?? '')
    if (!this.person) return this.end(4004, '')
    const answer = this.server.answer(this.person, id, type, input)
    if (random.chance(weather.cutAfter)) return this.end(1006, '')
    if (!random.chance(weather.dropAnswer)) this.deliver(answer, true)
  }

  private hello(id: number, token: string) {
    try {
      const { person, session } = this.server.hello(token)
      this.person = person
      this.session = session
      this.stop()
      this.stop = this.server.listen({ person, push: (frame) => this.push(frame) })
      this.deliver({ id, ack: this.server.welcome(person, session) }, true)
    } catch (error) {
      this.deliver({ id, error: errorBody(error) }, true)
    }
  }

  private push(frame: PushFrame) {
    const { random, weather } = this.server
    if (random.chance(weather.dropPush)) return
    this.deliver(frame, !weather.reorder)
    if (random.chance(weather.duplicatePush)) this.deliver(frame, !weather.reorder)
  }

  private deliver(frame: object, inOrder: boolean) {
    const { clock, random, weather } = this.server
    const text = JSON.stringify(frame)
    let at = clock.now() + random.fraction() * weather.delayMs
    if (inOrder) at = this.answersAt = Math.max(this.answersAt, at)
    clock.after(at - clock.now(), () => {
      if (!this.isOver) this.events.received(text)
    })
  }
}

/** The newest edit and the deletion of these messages in a part of the log. */
function newestAbout(messages: readonly Entry[], log: readonly Entry[]): Entry[] {
  const asked = new Set(messages.map(({ id }) => id))
  const newest = new Map<string, Entry>()
  for (const entry of log)
    if ((entry.kind === 'edited' || entry.kind === 'deleted') && asked.has(entry.target))
      newest.set(`${entry.kind} ${entry.target}`, entry)
  return [...newest.values()]
}
