import type { ConversationId, Instance, PersonId } from '@sotto/protocol'
import type { Watches as Asks, ConnectionState, WatchName } from '#client/api.ts'
import type { Batch } from './journal.ts'
import type { LogCache } from './log-cache.ts'
import { isSame } from './same.ts'
import type { Signals } from './signals.ts'
import type { Sync } from './sync.ts'
import type { Views } from './views.ts'

export interface WatchesParts {
  readonly views: Views
  readonly cache: LogCache
  readonly sync: Sync
  readonly signals: Signals
  readonly connection: () => ConnectionState
  readonly instance: () => Instance | null
}

type Watch = {
  [Name in WatchName]: {
    readonly name: Name
    readonly ask: Asks[Name]['ask']
    readonly listener: (value: Asks[Name]['get']) => void
    value: Asks[Name]['get'] | undefined
    conversation: ConversationId | null
    isDirty: boolean
  }
}[WatchName]

/** What happened that watchers may want to know. */
export type News =
  | { readonly kind: 'committed'; readonly batch: Batch }
  | { readonly kind: 'loaded' | 'typing'; readonly conversation: ConversationId }
  | { readonly kind: 'connection' | 'instance' | 'presence' | 'everything' }

/** Everybody who watches something. After any number of changes in one breath each hears the result once, and only if it differs. */
export class Watches {
  private readonly parts: WatchesParts
  private readonly active = new Set<Watch>()
  private isDue = false

  constructor(parts: WatchesParts) {
    this.parts = parts
  }

  add<Name extends WatchName>(
    name: Name,
    ask: Asks[Name]['ask'],
    listener: (value: Asks[Name]['get']) => void,
  ): () => void {
    const watch = { name, ask, listener, value: undefined, conversation: null, isDirty: false } as unknown as Watch
    this.active.add(watch)
    if (name === 'people') this.followPresence()
    this.show(watch)
    return () => this.remove(watch)
  }

  tell(news: News) {
    for (const watch of this.active) if (!watch.isDirty && concerns(watch, news)) watch.isDirty = true
    if (this.isDue) return
    this.isDue = true
    queueMicrotask(() => {
      this.isDue = false
      for (const watch of [...this.active]) if (watch.isDirty && this.active.has(watch)) this.show(watch)
    })
  }

  /** Threads may have become known: aims the windows on people at them. */
  retarget() {
    for (const watch of this.active) if (watch.name === 'conversation' && 'person' in watch.ask.target) this.aim(watch)
  }

  clear() {
    for (const watch of [...this.active]) this.remove(watch)
  }

  private show(watch: Watch) {
    watch.isDirty = false
    const value = this.compute(watch)
    if (watch.value !== undefined && isSame(watch.value, value)) return
    watch.value = value as never
    const tell = watch.listener as (value: unknown) => void
    tell(value)
  }

  private compute(watch: Watch): Asks[WatchName]['get'] {
    const { views } = this.parts
    switch (watch.name) {
      case 'connection':
        return this.parts.connection()
      case 'me':
        return views.me()
      case 'instance':
        return this.parts.instance()
      case 'conversations':
        return views.conversations(watch.ask)
      case 'people':
        return views.people(watch.ask)
      case 'requests':
        return views.requests()
      case 'notices':
        return views.notices()
      case 'blocks':
        return views.shunned('block')
      case 'mutes':
        return views.shunned('mute')
      case 'pins':
        return views.pins(watch.ask.conversation)
      case 'outbox':
        return views.outbox()
      case 'conversation':
        return this.computeWindow(watch)
    }
  }

  private computeWindow(watch: Extract<Watch, { name: 'conversation' }>) {
    const { views, cache, sync } = this.parts
    const conversation = this.aim(watch)
    const { value, frame } = views.conversation(watch.ask.target, watch.ask.window)
    if (conversation && !value.found) sync.find(conversation)
    sync.look(watch, conversation, frame?.lacks ?? null)
    if (conversation && frame?.shown)
      cache.trimAround(conversation, [frame.shown, ...this.otherWindows(watch, conversation)])
    return value
  }

  private aim(watch: Extract<Watch, { name: 'conversation' }>): ConversationId | null {
    const conversation = this.parts.views.conversationOf(watch.ask.target)
    if (conversation !== watch.conversation) {
      if (watch.conversation) this.parts.cache.unwatch(watch.conversation)
      if (conversation) this.parts.cache.watch(conversation)
      watch.conversation = conversation
    }
    return conversation
  }

  private otherWindows(besides: Watch, conversation: ConversationId) {
    const spans: { readonly from: number; readonly to: number }[] = []
    for (const watch of this.active) {
      if (watch === besides || watch.name !== 'conversation' || watch.conversation !== conversation) continue
      const places = watch.value?.rows.map((row) => row.place).filter((place) => place !== null) ?? []
      const from = places[0]
      const to = places.at(-1)
      if (from !== undefined && to !== undefined) spans.push({ from, to })
    }
    return spans
  }

  private remove(watch: Watch) {
    if (!this.active.delete(watch)) return
    if (watch.name === 'people') this.followPresence()
    if (watch.name !== 'conversation') return
    this.parts.sync.look(watch, null, null)
    if (watch.conversation) this.parts.cache.unwatch(watch.conversation)
  }

  private followPresence() {
    const people = new Set<PersonId>()
    for (const watch of this.active)
      if (watch.name === 'people' && watch.ask.presence) for (const id of watch.ask.people) people.add(id)
    this.parts.signals.watch([...people])
  }
}

function concerns(watch: Watch, news: News): boolean {
  switch (news.kind) {
    case 'everything':
      return true
    case 'connection':
      return watch.name === 'connection' || watch.name === 'conversation' || watch.name === 'pins'
    case 'instance':
      return watch.name === 'instance'
    case 'presence':
      return watch.name === 'people' && watch.ask.presence
    case 'typing':
      return (
        watch.name === 'conversations' || (watch.name === 'conversation' && watch.conversation === news.conversation)
      )
    case 'loaded':
      return watch.name === 'conversation' && watch.conversation === news.conversation
    case 'committed':
      return changes(watch, news.batch)
  }
}

function changes(watch: Watch, batch: Batch): boolean {
  if (batch.cleared) return true
  const has = (...tables: Parameters<Batch['touched']>[0][]) => tables.some((table) => batch.touched(table).length > 0)
  switch (watch.name) {
    case 'connection':
    case 'instance':
      return false
    case 'me':
      return has('account', 'settings')
    case 'conversations':
      return has('conversation', 'person', 'outbox', 'draft', 'settings', 'account')
    case 'people':
      return watch.ask.people.some((id) => batch.touches('person', id))
    case 'requests':
      return has('request')
    case 'notices':
      return has('notice')
    case 'blocks':
      return has('block')
    case 'mutes':
      return has('mute')
    case 'pins':
      return (
        has('alteration') ||
        ['pins' as const, 'conversation' as const].some((table) => batch.touches(table, watch.ask.conversation))
      )
    case 'outbox':
      return has('outbox', 'account')
    case 'conversation':
      // A window on a person may become a window on any conversation.
      if (has('outbox', 'person', 'draft', 'settings', 'account', 'alteration')) return true
      return watch.conversation ? batch.touches('conversation', watch.conversation) : has('conversation')
  }
}
