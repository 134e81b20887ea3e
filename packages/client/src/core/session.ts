import type { SignedIn } from '@sotto/protocol'
import { AppError } from '@sotto/protocol/pure'
import type { Journal } from './journal.ts'
import type { Clock } from './ports.ts'
import { type Account, only } from './records.ts'
import type { Rest, RestRequest } from './rest.ts'

/** A token is renewed this long before it ends. */
const earlyMs = 60_000
/** What to believe of a token’s life when the clock of this device says something impossible. */
const assumedLifeMs = 5 * 60_000
const longestLifeMs = 24 * 60 * 60_000

/** The session has ended on the server: only signing in again helps. */
export class SessionEnded extends Error {
  constructor() {
    super('the session has ended')
    this.name = 'SessionEnded'
  }
}

/** The tokens of this device. The access token is in memory only. */
export class Session {
  private readonly rest: Rest
  private readonly journal: Journal
  private readonly clock: Clock
  private access: { readonly token: string; readonly endsAt: number } | null = null
  private refreshing: Promise<string> | null = null

  constructor(rest: Rest, journal: Journal, clock: Clock) {
    this.rest = rest
    this.journal = journal
    this.clock = clock
  }

  /** An access token that is good for a while. Rejects with `SessionEnded`, or with a refusal that may be retried. */
  token(): Promise<string> {
    if (this.access && this.access.endsAt - this.clock.now() > earlyMs) return Promise.resolve(this.access.token)
    return this.refresh()
  }

  /** Milliseconds until the access token should be renewed. */
  renewInMs(): number {
    return this.access ? Math.max(0, this.access.endsAt - this.clock.now() - earlyMs) : 0
  }

  /** The server does not take the access token any more, whatever its date says. */
  distrust() {
    this.access = null
  }

  /** A request of whoever is signed in. A token that has ended early is renewed, once. */
  async send(request: RestRequest): Promise<Response> {
    try {
      return await this.rest.send({ ...request, token: await this.token() })
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'token_expired') throw error
      this.distrust()
      return this.rest.send({ ...request, token: await this.token() })
    }
  }

  /** Stores the session before its access token is used: the refresh token in it is the only one that is still good. */
  async begin(signedIn: SignedIn) {
    const account = accountOf(signedIn)
    await this.journal.change((batch) => {
      const before = batch.get('account', only)?.person.id ?? batch.get('owner', only)?.person
      if (before !== account.person.id) batch.clear()
      batch.remove('farewell', only)
      batch.remove('owner', only)
      batch.put('account', only, account)
    })
    this.access = { token: signedIn.accessToken, endsAt: this.endOf(signedIn) }
  }

  end() {
    this.access = null
  }

  /** One refresh at a time; who asks meanwhile gets the same answer. */
  private refresh(): Promise<string> {
    this.refreshing ??= this.exchange().finally(() => {
      this.refreshing = null
    })
    return this.refreshing
  }

  private async exchange(): Promise<string> {
    const account = this.journal.state.get('account', only)
    if (!account) throw new SessionEnded()
    const body = account.refreshToken === null ? {} : { refreshToken: account.refreshToken }
    let signedIn: SignedIn
    try {
      signedIn = await this.exchangeOnce(body)
    } catch (error) {
      if (error instanceof AppError && ended(error)) throw new SessionEnded()
      throw error
    }
    if (signedIn.person.id !== account.person.id) throw new SessionEnded()
    await this.journal.change((batch) => {
      // Signed out, or in as somebody else, while the answer was on its way.
      if (batch.get('account', only)?.session !== account.session) throw new SessionEnded()
      batch.put('account', only, { ...account, ...accountOf(signedIn) })
    })
    this.access = { token: signedIn.accessToken, endsAt: this.endOf(signedIn) }
    return signedIn.accessToken
  }

  // The answer may be lost after the server has moved on; asking again soon with the same token is an honest retry.
  private async exchangeOnce(body: object): Promise<SignedIn> {
    const request = { method: 'POST', path: '/sessions/refresh', body } as const
    try {
      return (await this.rest.json(request)) as SignedIn
    } catch (error) {
      if (!(error instanceof AppError) || error.about !== 'network') throw error
      return (await this.rest.json(request)) as SignedIn
    }
  }

  private endOf(signedIn: SignedIn): number {
    const lifeMs = Date.parse(signedIn.expiresAt) - this.clock.now()
    return this.clock.now() + (lifeMs > earlyMs && lifeMs < longestLifeMs ? lifeMs : assumedLifeMs)
  }
}

function accountOf(signedIn: SignedIn): Account {
  return { person: signedIn.person, session: signedIn.session, refreshToken: signedIn.refreshToken ?? null }
}

function ended(error: AppError): boolean {
  return error.code === 'unauthenticated' || error.code === 'token_expired' || error.code === 'wrong_credentials'
}
