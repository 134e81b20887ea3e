import type { ConversationId, Details, Person, PersonId } from '@sotto/protocol'
import { AppError } from '@sotto/protocol/pure'
import type { Pictured } from '#client/api.ts'
import type { Changes } from './journal.ts'
import type { Session } from './session.ts'
import type { Store, StoredPicture } from './store.ts'

/** Pictures of people and conversations: one of each is kept, the latest that was looked at. */
export class Pictures {
  private readonly session: Session
  private readonly store: Store
  private readonly journal: Changes
  private readonly underway = new Map<string, Promise<Blob | null>>()

  constructor(session: Session, store: Store, journal: Changes) {
    this.session = session
    this.store = store
    this.journal = journal
  }

  async set(picture: Blob): Promise<Person> {
    return (await this.put('/me', picture)) as Person
  }

  async setOf(conversation: ConversationId, picture: Blob): Promise<Details> {
    return (await this.put(`/conversations/${conversation}`, picture)) as Details
  }

  /** Several who ask at the same time share one request. Without a network an earlier picture is better than none. */
  of(pictured: Pictured): Promise<Blob | null> {
    const { picture } = pictured
    if (picture === null) return Promise.resolve(null)
    const [id, path] =
      'conversation' in pictured
        ? [pictured.conversation, `/conversations/${pictured.conversation}`]
        : [pictured.id, `/people/${pictured.id}`]
    const key = `${id} ${picture}`
    let found = this.underway.get(key)
    if (!found) {
      found = this.find(id, path, picture).finally(() => this.underway.delete(key))
      this.underway.set(key, found)
    }
    return found
  }

  private async put(path: string, body: Blob): Promise<unknown> {
    const response = await this.session.send({ method: 'PUT', path: `${path}/picture`, body, timeoutMs: 120_000 })
    return response.json()
  }

  private async find(of: PersonId | ConversationId, owner: string, version: string): Promise<Blob | null> {
    const stored = await this.store.picture(of).catch(() => null)
    if (stored?.version === version) return blobOf(stored)
    try {
      const path = `${owner}/picture?v=${encodeURIComponent(version)}`
      const picture = await (await this.session.send({ method: 'GET', path })).blob()
      const bytes = await picture.arrayBuffer()
      await this.journal
        .change((batch) => {
          batch.pictures.push({ of, version, type: picture.type, bytes })
        })
        .catch(() => {})
      return picture
    } catch (error) {
      if (error instanceof AppError && error.code === 'not_found') return null
      if (stored) return blobOf(stored)
      throw error
    }
  }
}

function blobOf({ bytes, type }: StoredPicture): Blob {
  return new Blob([bytes], { type })
}
