import { type ControlledTransaction, Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import pg from 'pg'
import type { Logger } from 'pino'

type NoTables = Record<never, never>

/** A connection that sees no table until a store names its own with `.withTables<…>()`. */
export type Db = Kysely<NoTables>
export type Tx = Transaction<NoTables> | ControlledTransaction<NoTables>

// bigint holds places and revisions, which stay far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)
// A date is a day, whatever the time zone of the server.
pg.types.setTypeParser(pg.types.builtins.DATE, String)

export type PgConnection = pg.PoolConfig

export interface Database {
  readonly db: Db
  /** For the few statements that are prepared by name: the appends and the pages of the log. */
  readonly pool: pg.Pool
  close(): Promise<void>
}

/** Opens a pool of at most `connections`. Nothing connects before the first query; a lost connection is replaced by the next one. */
export function openDatabase(connection: PgConnection, connections: number, logger: Logger): Database {
  const pool = new pg.Pool({
    ...connection,
    max: connections,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    application_name: 'sotto',
    // A statement that hangs (a stopped database, a lost network) must not hold its caller for ever.
    query_timeout: 30_000,
  })
  // Without a listener a connection that dies would take the process with it: in the pool, and between two statements of a transaction,
  // whose next statement fails by itself.
  pool.on('connect', (client) => client.on('error', () => {}))
  let closing = false
  pool.on('error', (error) => {
    if (!closing) logger.warn({ err: error }, 'an idle database connection was lost')
  })
  const db: Db = new Kysely<NoTables>({ dialect: new PostgresDialect({ pool }) })
  // Not `db.destroy()`: it leaves a pool alone that was only used directly.
  const close = () => {
    closing = true
    return pool.end()
  }
  return { db, pool, close }
}

export interface AfterCommit {
  /** Runs after the commit, never after a rollback. */
  (announce: () => void): void
  /** Runs at the end of the transaction, as a part of it: for locks that everybody shares. */
  lastly(work: () => Promise<void>): void
}

/** One transaction. What is handed to `after` runs in its order once the transaction has committed, before the result is returned. */
export async function transact<Result>(db: Db, work: (tx: Tx, after: AfterCommit) => Promise<Result>): Promise<Result> {
  const announcements: (() => void)[] = []
  const result = await db.transaction().execute(async (tx) => {
    const last: (() => Promise<void>)[] = []
    const after = (announce: () => void) => void announcements.push(announce)
    after.lastly = (step: () => Promise<void>) => void last.push(step)
    const done = await work(tx, after)
    for (const step of last) await step()
    return done
  })
  for (const announce of announcements) announce()
  return result
}

/** Waits until no other transaction holds this name, and holds it until this one ends. */
export function takeTurn(tx: Tx, name: string): Promise<void> {
  return takeTurns(tx, [name])
}

/** The same for several names, in an order that is the same for everybody. */
export async function takeTurns(tx: Tx, names: readonly string[]): Promise<void> {
  await sql`select pg_advisory_xact_lock(key) from
    (select hashtextextended(name, 0) as key from unnest(${names}::text[]) as w(name) order by key) as keys`.execute(tx)
}

/** Waits until nobody has taken the turn of this name, and keeps others from taking it until this transaction ends. Many may at once. */
export async function shareTurn(tx: Tx, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(hashtextextended(${name}, 0))`.execute(tx)
}

const connectionLost = new Set([
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '53300', // too_many_connections
  '53100', // disk_full
  '53200', // out_of_memory
  '58030', // io_error
  '25006', // read_only_sql_transaction: a primary that was demoted
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT', // the Unix socket is gone
  'EPIPE',
])

/** Whether the database could not do it now, and the same work may succeed later. */
export function isUnavailable(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  if (code !== undefined && (connectionLost.has(code) || code.startsWith('08') || code.startsWith('XX'))) return true
  return /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|driver has already been destroyed|after calling end on the pool/.test(
    message ?? '',
  )
}

/** Whether another transaction won a race, and a second run would see its rows. */
export function isLostRace(error: unknown): boolean {
  return ['23505', '40001', '40P01'].includes((error as { code?: string }).code ?? '')
}
