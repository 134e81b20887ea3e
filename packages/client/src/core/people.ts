import type { Person, PersonId } from '@sotto/protocol'
import type { Batch, Changes } from './journal.ts'
import type { Clock } from './ports.ts'
import { only } from './records.ts'

export interface PeopleParts {
  readonly journal: Changes
  readonly clock: Clock
  readonly request: (type: string, input: object) => Promise<unknown>
  readonly isOpen: () => boolean
}

const maxAsked = 200
/** So that what a screen needs is asked for in one request. */
const gatherMs = 20

/** Profiles: kept from earlier, and asked for again once per connection when somebody needs them. */
export class People {
  private readonly parts: PeopleParts
  private readonly fresh = new Set<PersonId>()
  private readonly wanted = new Set<PersonId>()
  private cancelTimer: (() => void) | null = null

  constructor(parts: PeopleParts) {
    this.parts = parts
  }

  connected() {
    this.fresh.clear()
    this.later()
  }

  stop() {
    this.cancelTimer?.()
    this.cancelTimer = null
  }

  /** The profile as it is known; what is unknown or old is asked for. */
  need(id: PersonId): Person | null {
    if (!this.fresh.has(id)) {
      this.fresh.add(id)
      this.wanted.add(id)
      this.later()
    }
    return this.parts.journal.state.get('person', id) ?? null
  }

  async learn(people: readonly Person[]) {
    await this.parts.journal.change((batch) => {
      for (const person of people) takePerson(batch, person)
    })
  }

  private later() {
    if (this.cancelTimer || this.wanted.size === 0 || !this.parts.isOpen()) return
    this.cancelTimer = this.parts.clock.after(gatherMs, () => {
      this.cancelTimer = null
      void this.ask()
    })
  }

  private async ask() {
    const asked = [...this.wanted].slice(0, maxAsked)
    for (const id of asked) this.wanted.delete(id)
    try {
      const { people } = (await this.parts.request('people.get', { people: asked })) as {
        readonly people: readonly Person[]
      }
      await this.learn(people)
    } catch {
      for (const id of asked) this.wanted.add(id)
      return
    }
    this.later()
  }
}

export function takePerson(batch: Batch, person: Person) {
  const before = batch.get('person', person.id)
  if (!before || !sameProfile(before, person)) batch.put('person', person.id, person)
  const account = batch.get('account', only)
  if (account?.person.id === person.id && !sameProfile(account.person, person))
    batch.put('account', only, { ...account, person })
}

function sameProfile(a: Person, b: Person): boolean {
  return (Object.keys(b) as (keyof Person)[]).every((key) => a[key] === b[key])
}
