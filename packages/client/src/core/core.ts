import type {
  ClientId,
  CommandName,
  ConversationId,
  Details,
  Input,
  Instance,
  Permission,
  Person,
  PersonId,
  PushFrame,
  Reply,
} from '@sotto/protocol'
import { AppError } from '@sotto/protocol/pure'
import type {
  Watches as Asks,
  Client,
  ConnectionState,
  Me,
  Pictured,
  SetUp,
  SignUp,
  Target,
  WatchName,
} from '#client/api.ts'
import { Connection, type Status } from './connection.ts'
import { otherPerson, tellsReceipts } from './conversation.ts'
import { Drafts } from './drafts.ts'
import { Entrance } from './entrance.ts'
import { eventLinks } from './events-link.ts'
import { type Batch, duringSession, Journal, State } from './journal.ts'
import { KnownInstance } from './known-instance.ts'
import type { Standing } from './link.ts'
import { LogCache } from './log-cache.ts'
import { Outbox } from './outbox.ts'
import { People, takePerson } from './people.ts'
import { Pictures } from './pictures.ts'
import { PinRequests } from './pin-requests.ts'
import { pollLinks } from './poll-link.ts'
import type { Ports } from './ports.ts'
import { Receipts } from './receipts.ts'
import { only } from './records.ts'
import { Rest } from './rest.ts'
import { restRoutes, signedInRoutes } from './rest-routes.ts'
import { isSame } from './same.ts'
import { Session } from './session.ts'
import { Signals } from './signals.ts'
import { socketLinks } from './socket-link.ts'
import type { Store } from './store.ts'
import { Sync } from './sync.ts'
import { Views } from './views.ts'
import { Watches } from './watches.ts'

export interface CoreOptions {
  /** The address of the server, without a path below it. */
  readonly url: string
  readonly store: Store
  readonly ports: Ports
  /** Where the refresh token is kept: the browser’s cookie, or the store. */
  readonly keep: 'cookie' | 'token'
  /** How this device is called in the person’s list of devices. */
  readonly device: string
  /** Another writer has taken the store: this object can do nothing more. */
  readonly onPenTaken?: () => void
}

/** A gap this small closes before anybody could read that it is there. */
const worthTelling = 100
/** Conversations whose newest entries are read into memory at the start. */
const preloaded = 20
const preloadLength = 50
const firstAnswerMs = 10_000
/** A command of a whole file takes its time. */
const longMs = 120_000

/** The client itself: composes what keeps the session, the connection, the log, the outbox and the watches. */
export class Core implements Client {
  private readonly options: CoreOptions
  private readonly state = new State()
  private readonly journal: Journal
  private readonly rest: Rest
  private readonly session: Session
  private readonly connection: Connection
  private readonly entrance: Entrance
  private readonly sync: Sync
  private readonly outbox: Outbox
  private readonly receipts: Receipts
  private readonly signals: Signals
  private readonly people: People
  private readonly drafts: Drafts
  private readonly pictures: Pictures
  private readonly pins: PinRequests
  private readonly cache: LogCache
  private readonly known: KnownInstance
  private readonly views: Views
  private readonly watches: Watches
  private readonly threads = new Map<PersonId, ConversationId>()
  private readonly openWaiters = new Set<() => void>()
  private opening: Promise<void> | null = null
  private wasCaughtUp = false

  constructor(options: CoreOptions) {
    this.options = options
    const { url, store, ports } = options
    const { clock, random } = ports
    const request = (type: string, input: object) => this.connection.request(type, input)
    const isOpen = () => this.connection.status.phase === 'open'
    const me = () => this.me()
    const journal = new Journal(
      this.state,
      store,
      (batch) => this.committed(batch),
      () => this.penTaken(),
    )
    const during = duringSession(journal)
    const shared = { journal: during, clock, request, isOpen }
    this.journal = journal
    this.rest = new Rest(url, ports.fetch, clock, options.keep === 'cookie' ? 'include' : 'omit')
    this.session = new Session(this.rest, journal, clock)
    this.connection = new Connection(
      {
        clock,
        random,
        onWake: ports.onWake,
        onNetwork: ports.onNetwork,
        carriers: [
          socketLinks(url, ports.openSocket, clock),
          eventLinks(this.rest, clock),
          pollLinks(this.rest, clock, () => this.state.get('board', only)?.revision ?? 0),
        ],
        session: this.session,
        answers: () => this.rest.answers(),
      },
      {
        changed: (status) => this.statusChanged(status),
        stands: (standing) => this.stands(standing),
        pushed: (frame) => this.pushed(frame),
        ponged: (pong) => this.sync.ponged(pong),
        signedOut: () => void this.entrance.endedByServer(),
      },
    )
    this.entrance = new Entrance({
      journal,
      rest: this.rest,
      session: this.session,
      connection: this.connection,
      keep: options.keep,
      device: options.device,
      open: () => this.open(),
      me: () => this.views.me(),
    })
    this.cache = new LogCache(store, (conversation) => this.watches.tell({ kind: 'loaded', conversation }))
    this.sync = new Sync({ ...shared, me, progressed: () => this.watches.tell({ kind: 'connection' }) })
    this.outbox = new Outbox({
      ...shared,
      random,
      me,
      threadWith: (person) => this.threads.get(person) ?? null,
      stored: (conversation) => this.sync.check(conversation),
    })
    this.receipts = new Receipts(shared)
    this.signals = new Signals({
      clock,
      request,
      isOpen,
      typingChanged: (conversation) => this.watches.tell({ kind: 'typing', conversation }),
      presenceChanged: () => this.watches.tell({ kind: 'presence' }),
    })
    this.people = new People(shared)
    this.drafts = new Drafts({ ...shared, laneOf: (target) => this.outbox.laneOf(target) })
    this.pictures = new Pictures(this.session, store, during)
    this.pins = new PinRequests({ ...shared, again: () => this.watches.tell({ kind: 'connection' }) })
    this.views = new Views({
      state: this.state,
      cache: this.cache,
      outbox: this.outbox,
      people: this.people,
      drafts: this.drafts,
      signals: this.signals,
      pins: this.pins,
      isOpen,
      isTrying: () => this.connection.isTrying,
      hasBoard: () => this.sync.hasBoard(),
      isAbsent: (conversation) => this.sync.isAbsent(conversation),
    })
    this.known = new KnownInstance({
      clock,
      ask: () => this.instance(),
      changed: () => this.watches.tell({ kind: 'instance' }),
    })
    this.watches = new Watches({
      views: this.views,
      cache: this.cache,
      sync: this.sync,
      signals: this.signals,
      connection: () => this.connectionState(),
      instance: () => this.known.need(),
    })
  }

  async instance(): Promise<Instance> {
    const instance = await this.call('instance.get', {})
    this.known.learn(instance)
    return instance
  }

  async signIn({ name, password }: { readonly name: string; readonly password: string }): Promise<Me> {
    return this.entrance.begin('/sessions', { name, password })
  }

  async signUp(input: SignUp): Promise<Me> {
    return this.entrance.begin('/people', input)
  }

  async setUp(input: SetUp): Promise<Me> {
    const me = await this.entrance.begin('/setup', input)
    this.instance().catch(() => {})
    return me
  }

  resume(): Promise<Me | null> {
    return this.entrance.resume()
  }

  async signOut() {
    await this.entrance.signOut()
  }

  watch<Name extends WatchName>(
    name: Name,
    ask: Asks[Name]['ask'],
    listener: (value: Asks[Name]['get']) => void,
  ): () => void {
    return this.watches.add(name, ask, listener)
  }

  async send(target: Target, text: string): Promise<ClientId> {
    return this.submit(target, text, this.newClientId())
  }

  /** `send` with a client id of the caller’s: repeating it is harmless, so a caller who saw no answer can ask again. */
  async submit(target: Target, text: string, clientId: ClientId): Promise<ClientId> {
    await this.open()
    await this.outbox.add(target, text, clientId)
    return clientId
  }

  newClientId(): ClientId {
    return this.options.ports.random.uuid() as ClientId
  }

  async retry(message: ClientId, text?: string) {
    await this.open()
    await this.outbox.retry(message, text)
  }

  async discard(message: ClientId) {
    await this.open()
    await this.outbox.discard(message)
  }

  async markRead(conversation: ConversationId, place: number) {
    await this.open()
    await this.receipts.markRead(conversation, place)
  }

  setTyping(conversation: ConversationId, active: boolean) {
    const record = this.state.get('conversation', conversation)
    if (!record || tellsReceipts(record)) this.signals.setTyping(conversation, active)
  }

  async setDraft(target: Target, text: string) {
    await this.open()
    await this.drafts.set(target, text)
  }

  setPresence(state: 'online' | 'away') {
    this.signals.setPresence(state)
  }

  async call<Name extends CommandName>(name: Name, input: Input<Name>): Promise<Reply<Name>> {
    const route = restRoutes[name as keyof typeof restRoutes]
    if (route) {
      const request = withBody(route, input)
      const response = signedInRoutes.has(name)
        ? await this.session.send({ ...request, timeoutMs: longMs })
        : await this.rest.send(request)
      return (await Rest.jsonOf(response)) as Reply<Name>
    }
    await this.firstAnswer()
    const reply = await this.connection.request(name, input)
    await this.learn(name, reply)
    return reply as Reply<Name>
  }

  async setPicture(picture: Blob): Promise<Person> {
    const person = await this.pictures.set(picture)
    await this.people.learn([person])
    return person
  }

  setConversationPicture(conversation: ConversationId, picture: Blob): Promise<Details> {
    return this.pictures.setOf(conversation, picture)
  }

  picture(of: Pictured): Promise<Blob | null> {
    return this.pictures.of(of)
  }

  async close() {
    this.entrance.close()
    this.stop()
    this.watches.clear()
    await this.opening?.catch(() => {})
    await this.journal.close()
    await this.options.store.close()
  }

  /** What the connection comes to for a person. */
  private connectionState(): ConnectionState {
    const { status, hasNetwork } = this.connection
    if (!this.state.get('account', only)) return { phase: 'signed_out' }
    if (status.phase !== 'open') {
      // The server has said not to come back, and a network changes nothing about that.
      if (status.phase === 'offline' && status.retryAt === Number.POSITIVE_INFINITY) return status
      if (!hasNetwork) return { phase: 'no_network' }
      return status.phase === 'offline' ? status : { phase: 'connecting' }
    }
    const missing = this.sync.isCaughtUp() ? 0 : this.sync.missingCount()
    if (this.sync.isCaughtUp()) this.wasCaughtUp = true
    return this.wasCaughtUp && missing < worthTelling ? { phase: 'online' } : { phase: 'catching_up', missing }
  }

  private me(): PersonId {
    const account = this.state.get('account', only)
    if (!account) throw new AppError('unauthenticated')
    return account.person.id
  }

  /** Opens the store, once, and takes up what it holds. */
  private open(): Promise<void> {
    this.opening ??= this.load().catch((error) => {
      this.opening = null
      throw error
    })
    return this.opening
  }

  private async load() {
    this.state.load(await this.options.store.open())
    for (const record of this.state.all('conversation')) this.indexThread(record.id)
    this.outbox.load()
    this.preload()
    this.watches.tell({ kind: 'everything' })
  }

  private preload() {
    const recent = [...this.state.all('conversation')].sort((a, b) =>
      (a.last?.at ?? '') < (b.last?.at ?? '') ? 1 : -1,
    )
    for (const { id, held } of recent.slice(0, preloaded)) {
      const top = held.at(-1)
      if (top) this.cache.read(id, Math.max(top.from, top.to - preloadLength + 1), top.to)
    }
  }

  private statusChanged(status: Status) {
    if (status.phase === 'open') {
      this.wasCaughtUp = false
      this.known.connected()
      this.sync.connected()
      this.people.connected()
      this.pins.connected()
      this.outbox.connected()
      this.receipts.connected()
      this.drafts.connected()
      this.signals.connected()
    } else {
      this.signals.disconnected()
    }
    if (status.phase !== 'connecting') for (const waiter of [...this.openWaiters]) waiter()
    this.watches.tell({ kind: 'connection' })
  }

  private stands(standing: Standing) {
    if (standing.permissions) this.allowed(standing.permissions)
    void this.sync.stands(standing)
  }

  private allowed(permissions: readonly Permission[]) {
    const written = this.journal.change((batch) => {
      const account = batch.get('account', only)
      if (account && !isSame(account.permissions, permissions)) batch.put('account', only, { ...account, permissions })
    })
    written.catch(() => {})
  }

  private pushed(frame: PushFrame) {
    switch (frame.type) {
      case 'permissions':
        return this.allowed(frame.permissions)
      case 'typing':
      case 'presence':
        return this.signals.pushed(frame)
      case 'person':
        void this.people.learn([frame.person]).catch(() => {})
        return
      case 'entry':
        if (frame.entry.kind === 'message') this.signals.stoppedTyping(frame.entry.conversation, frame.entry.sender)
    }
    void this.sync.pushed(frame)
  }

  private committed(batch: Batch) {
    if (batch.cleared) {
      this.cache.clear()
      this.sync.forget()
      this.threads.clear()
      this.views.forgetItems()
    }
    for (const id of batch.touched('conversation')) this.indexThread(id as ConversationId)
    for (const id of batch.forgotten) this.cache.forget(id)
    // A window on a person becomes one on their thread before the first entry comes into memory, or its row would go and come back.
    this.watches.retarget()
    for (const [conversation, messages] of batch.wiped) this.cache.wipe(conversation, messages)
    this.cache.add(batch.entries)
    this.outbox.committed(batch)
    this.receipts.committed(batch)
    this.drafts.committed(batch)
    this.watches.tell({ kind: 'committed', batch })
  }

  private indexThread(id: ConversationId) {
    const record = this.state.get('conversation', id)
    const peer = record && otherPerson(record)
    if (peer && (record.card?.kind ?? 'thread') === 'thread') this.threads.set(peer, id)
    else if (!record)
      for (const [person, conversation] of this.threads) if (conversation === id) this.threads.delete(person)
  }

  private async learn(name: CommandName, reply: unknown) {
    switch (name) {
      case 'instance.update':
        return this.known.learn(reply as Instance)
      case 'people.me':
      case 'people.updateProfile':
      case 'people.removePicture':
      case 'people.setRole':
        return this.people.learn([reply as Person])
      case 'people.get':
        return this.people.learn((reply as Reply<'people.get'>).people)
      case 'people.list': {
        const { people } = reply as Reply<'people.list'>
        return this.journal.change((batch) => {
          for (const person of people) if (batch.get('person', person.id)) takePerson(batch, person)
        })
      }
      case 'settings.update':
        return this.journal.change((batch) => batch.put('settings', only, reply as Reply<'settings.update'>))
    }
  }

  /** A call right after the start waits until the first attempt to connect has an outcome. */
  private async firstAnswer() {
    if (this.connection.status.phase !== 'connecting') return
    await new Promise<void>((resolve) => {
      const done = () => {
        cancelTimer()
        this.openWaiters.delete(done)
        resolve()
      }
      const cancelTimer = this.options.ports.clock.after(firstAnswerMs, done)
      this.openWaiters.add(done)
    })
  }

  private penTaken() {
    this.stop()
    this.options.onPenTaken?.()
  }

  private stop() {
    this.connection.stop()
    this.sync.stop()
    this.outbox.stop()
    this.receipts.stop()
    this.people.stop()
    this.pins.stop()
    this.drafts.stop()
  }
}

function withBody(route: string, input: object) {
  const [method = 'GET', path = ''] = route.split(' ')
  return method === 'GET' ? { method, path } : { method, path, body: input }
}
