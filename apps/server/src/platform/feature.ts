import type {
  Access,
  AppError,
  CommandName,
  ConversationId,
  Input,
  Permission,
  PersonId,
  Reply,
  SessionId,
  Spec,
} from '@sotto/protocol'
import type { Audit } from './audit.ts'
import type { Blobs } from './blobs.ts'
import type { Board } from './board.ts'
import type { Bus } from './bus.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { AfterCommit, Db, Tx } from './database.ts'
import type { Health } from './health.ts'
import type { Log } from './log.ts'
import type { Logger } from './logger.ts'
import type { Sealing } from './sealing.ts'

/** Who asks: taken from the session, never from the request. */
export interface Actor {
  readonly person: PersonId
  readonly session: SessionId
}

/** What a server stands on; made once by `main.ts` or by a test. */
export interface Platform {
  readonly config: Config
  readonly logger: Logger
  readonly clock: Clock
  readonly db: Db
  readonly log: Log
  readonly board: Board
  readonly audit: Audit
  readonly health: Health
  readonly bus: Bus
  readonly blobs: Blobs
  readonly sealing: Sealing
}

/** One live connection of a device, as far as features see it. */
export interface Link {
  readonly actor: Actor
  /** The conversations it hears. */
  readonly conversations: ReadonlySet<ConversationId>
  /** Sends a push frame that may be dropped when the device is slow. */
  hint(frame: string): void
}

/** Where a request comes from. `refreshCookie` is read and set by the commands of `sessions` only. */
export interface Origin {
  readonly address: string
  readonly refreshCookie: string | undefined
  /** Null on a stateless request. */
  readonly link: Link | null
  setRefreshCookie(value: string | null): void
}

type ActorOf<A extends Access> = A extends 'anyone' ? { readonly actor: Actor | null } : { readonly actor: Actor }

export type Context<A extends Access = Access> = Platform &
  ActorOf<A> & {
    readonly origin: Origin
    /** What the actor's role permits, where the command has a rule about that; empty elsewhere. */
    readonly permissions: readonly Permission[]
  }
/** Everything a command may touch, for exactly one transaction. What is handed to `after` runs once it has committed. */
export type WriteContext<A extends Access = Access> = Context<A> & { readonly tx: Tx; readonly after: AfterCommit }

type Handler<Name extends CommandName, C> = (context: C, input: Input<Name>) => Promise<Reply<Name>>
type AccessOf<Name extends CommandName> = Spec<Name>['access']

/** A protocol command bound to its handler: a handler only ever sees parsed input of somebody who may ask. */
export interface Command {
  readonly name: CommandName
  readonly mode: 'reads' | 'writes' | 'acts'
  // biome-ignore lint/suspicious/noExplicitAny: the registry forgets what the binders below have checked.
  readonly handle: (context: any, input: any) => Promise<unknown>
}

/** Only reads; no transaction. */
export function reads<Name extends CommandName>(name: Name, handle: Handler<Name, Context<AccessOf<Name>>>): Command {
  return { name, mode: 'reads', handle }
}

/** One transaction, run again when it loses a race. A thrown `AppError` rolls it back; a returned one commits it, then refuses. */
export function writes<Name extends CommandName>(
  name: Name,
  handle: (context: WriteContext<AccessOf<Name>>, input: Input<Name>) => Promise<Reply<Name> | AppError>,
): Command {
  return { name, mode: 'writes', handle }
}

/**
 * Neither: it appends to the log, whose engine groups commits and checks membership itself; it works before its transaction begins; or it
 * lasts only as long as a connection. A command of conversation members that is bound this way makes that check by itself.
 */
export function acts<Name extends CommandName>(name: Name, handle: Handler<Name, Context<AccessOf<Name>>>): Command {
  return { name, mode: 'acts', handle }
}

export interface Feature {
  readonly name: string
  readonly commands: readonly Command[]
  /** A connection has been welcomed, or is gone. */
  readonly opened?: (platform: Platform, link: Link) => void
  readonly closed?: (platform: Platform, link: Link) => void
  /** Runs when the server has started and when a day (of UTC) has begun. */
  readonly daily?: (platform: Platform) => Promise<void>
}
