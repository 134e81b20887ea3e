import type { SignedIn } from '@sotto/protocol'
import { AppError } from '@sotto/protocol/pure'
import type { Me } from '#client/api.ts'
import type { Connection } from './connection.ts'
import type { Journal } from './journal.ts'
import { only } from './records.ts'
import type { Rest } from './rest.ts'
import { type Session, SessionEnded } from './session.ts'

export interface EntranceParts {
  readonly journal: Journal
  readonly rest: Rest
  readonly session: Session
  readonly connection: Connection
  /** Where the refresh token is kept. */
  readonly keep: 'cookie' | 'token'
  /** How this device is called in the person’s list of devices. */
  readonly device: string
  /** Opens the store, if that has not been done. */
  readonly open: () => Promise<void>
  readonly me: () => Me | null
}

/** How a person comes in on this device, and goes. */
export class Entrance {
  private readonly parts: EntranceParts
  private resuming: Promise<Me | null> | null = null
  private isClosed = false

  constructor(parts: EntranceParts) {
    this.parts = parts
  }

  /** Signs in or up: whatever `path` answers with a session. */
  async begin(path: string, input: object): Promise<Me> {
    const { rest, session, connection, keep, device } = this.parts
    await this.parts.open()
    const signedIn = (await rest.json({ method: 'POST', path, body: { ...input, keep, device } })) as SignedIn
    connection.stop()
    await session.begin(signedIn)
    connection.start()
    const me = this.parts.me()
    if (!me) throw new AppError('internal')
    return me
  }

  /** Goes on with the stored session. Whoever asks meanwhile gets the same answer. */
  resume(): Promise<Me | null> {
    this.resuming ??= this.takeUp().finally(() => {
      this.resuming = null
    })
    return this.resuming
  }

  async signOut() {
    const { journal, session, connection } = this.parts
    await this.parts.open()
    connection.stop()
    const account = journal.state.get('account', only)
    const reached = account ? await this.farewell() : true
    session.end()
    await journal.change((batch) => {
      batch.clear()
      if (account && !reached) batch.put('farewell', only, { refreshToken: account.refreshToken })
    })
  }

  /**
   * The server has ended the session. What others said goes from this device. The messages that were still to be sent stay: they exist
   * nowhere else, and go on when the same person signs in again.
   */
  async endedByServer() {
    const { journal, session, connection } = this.parts
    connection.stop()
    session.end()
    await journal
      .change((batch) => {
        const account = batch.get('account', only)
        const unsent = [...batch.all('outbox')]
        batch.clear()
        if (!account || unsent.length === 0) return
        batch.put('owner', only, { person: account.person.id })
        for (const item of unsent) batch.put('outbox', item.clientId, item)
      })
      .catch(() => {})
  }

  /** Nobody comes in any more. */
  close() {
    this.isClosed = true
  }

  private async takeUp(): Promise<Me | null> {
    const { journal, connection, keep } = this.parts
    await this.parts.open()
    if (journal.state.get('farewell', only)) void this.finishFarewell()
    else if (!journal.state.get('account', only) && keep === 'cookie') await this.resumeByCookie()
    const me = this.parts.me()
    if (me && !this.isClosed) connection.start()
    return me
  }

  /** The store of a browser can be gone while the cookie is still there. */
  private async resumeByCookie() {
    const { rest, session } = this.parts
    try {
      await session.begin((await rest.json({ method: 'POST', path: '/sessions/refresh', body: {} })) as SignedIn)
    } catch {
      // Nobody is signed in, or nobody can tell: the same for a person who opens the page.
    }
  }

  /** Tells the server that the session is over; false where it could not be told. */
  private async farewell(): Promise<boolean> {
    try {
      const token = await this.parts.session.token()
      await this.parts.rest.json({ method: 'POST', path: '/sessions/sign-out', token, body: {}, timeoutMs: 5_000 })
      return true
    } catch (error) {
      return error instanceof SessionEnded || (error instanceof AppError && error.code !== 'unavailable')
    }
  }

  private async finishFarewell() {
    const { journal, rest } = this.parts
    const refreshToken = journal.state.get('farewell', only)?.refreshToken
    try {
      const body = refreshToken ? { refreshToken } : {}
      const { accessToken } = (await rest.json({ method: 'POST', path: '/sessions/refresh', body })) as SignedIn
      await rest.json({ method: 'POST', path: '/sessions/sign-out', token: accessToken, body: {} })
    } catch (error) {
      if (error instanceof AppError && error.code === 'unavailable') return
    }
    if (!journal.state.get('account', only))
      await journal.change((batch) => batch.remove('farewell', only)).catch(() => {})
  }
}
