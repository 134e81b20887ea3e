import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AppError, commands } from '@sotto/protocol'
import { findPicture as findConversationPicture, setPicture as setConversationPicture } from '#features/conversations'
import { knownAmong } from '#features/directory'
import { findSetupToken } from '#features/instance'
import { findPicture, permissionsOf, setPicture } from '#features/people'
import { authenticate, sessionLives } from '#features/sessions'
import { openAudit } from '#platform/audit'
import { folderBlobs } from '#platform/blobs'
import { openBoard } from '#platform/board'
import { type Bus, memoryBus } from '#platform/bus'
import { type Clock, systemClock } from '#platform/clock'
import type { Config } from '#platform/config'
import { isUnavailable, openDatabase, type PgConnection } from '#platform/database'
import type { Actor, Platform } from '#platform/feature'
import { openHealth } from '#platform/health'
import { openLog } from '#platform/log'
import type { Logger } from '#platform/logger'
import { openMasterKeys } from '#platform/master-key'
import { openMetrics } from '#platform/metrics'
import { migrate } from '#platform/migrations'
import { startPostgres } from '#platform/postgres'
import { openSealing } from '#platform/sealing'
import { type Dispatch, dispatcher } from './edge/dispatch.ts'
import { type Listener, openFanout } from './edge/fanout.ts'
import { addressOf, buildHttp, isOwnOrAllowed } from './edge/http.ts'
import { rateLimit } from './edge/limits.ts'
import { serveSockets } from './edge/websocket.ts'
import { features } from './features.ts'

export interface RunningServer {
  /** Where people find it. */
  readonly url: string
  /** The one-time link for the first admin; undefined once there is one. */
  readonly setupUrl: string | undefined
  readonly platform: Platform
  readonly dispatch: Dispatch
  /** Method and path of everything that answers, for the tests that must miss none. */
  readonly routes: readonly string[]
  /** Stops taking work, finishes what runs, tells clients when to come back. */
  stop(): Promise<void>
}

export interface ServerParts {
  readonly config: Config
  readonly logger: Logger
  readonly clock?: Clock
  readonly bus?: Bus
}

/** Puts a whole server together and starts it: database, log, features, edge. The order below is the order of dependence. */
export async function startServer({
  config,
  logger,
  clock = systemClock,
  bus = memoryBus(),
}: ServerParts): Promise<RunningServer> {
  const undo: (() => Promise<unknown>)[] = []
  const stopAll = async () => {
    for (const stop of undo.splice(0).reverse()) await stop()
  }
  try {
    const { platform, isReady } = await openPlatform({ config, logger, clock, bus }, undo)
    return await openEdge(platform, isReady, undo, stopAll)
  } catch (error) {
    await stopAll()
    throw error
  }
}

/** Whether the database answers within a moment. */
type IsReady = () => Promise<boolean>

async function openPlatform(
  { config, logger, clock, bus }: Required<ServerParts>,
  undo: (() => Promise<unknown>)[],
): Promise<{ platform: Platform; isReady: IsReady }> {
  const connection = await connect(config, logger, undo)
  const main = openDatabase(connection, config.databaseConnections, logger)
  // The append engine has two batches in flight, on connections nobody else can take.
  const append = openDatabase(connection, 2, logger)
  // Keys are looked up in the middle of transactions: from a pool of their own, or transactions could wait for each other.
  const keys = openDatabase(connection, 2, logger)
  undo.push(() => Promise.all([main.close(), append.close(), keys.close()]))
  const applied = await migrate(main.db)
  if (applied.length > 0) logger.info({ applied }, 'the database was brought up to date')
  const sealing = await openSealing(
    keys.db,
    await openMasterKeys(config.dataFolder, config.masterKey),
    config.encryptionMethod,
  )
  const log = openLog({ db: main.db, pool: main.pool, appendPool: append.pool, sealing, bus, clock })
  undo.push(() => log.idle())
  const platform: Platform = {
    config,
    logger,
    clock,
    bus,
    sealing,
    log,
    db: main.db,
    board: openBoard(sealing, bus),
    audit: openAudit(sealing, clock),
    health: openHealth(clock),
    blobs: folderBlobs(join(config.dataFolder, 'blobs')),
  }
  const isReady = async () => {
    const answered = main.pool.query('select 1').then(
      () => true,
      () => false,
    )
    return Promise.race([answered, new Promise<false>((resolve) => setTimeout(resolve, 2_000, false).unref())])
  }
  return { platform, isReady }
}

async function connect(config: Config, logger: Logger, undo: (() => Promise<unknown>)[]): Promise<PgConnection> {
  if (config.databaseUrl !== '') return { connectionString: config.databaseUrl }
  const postgres = await startPostgres({ dataFolder: config.dataFolder, log: logger })
  undo.push(() => postgres.stop())
  return postgres.connection
}

async function openEdge(
  platform: Platform,
  isReady: IsReady,
  undo: (() => Promise<unknown>)[],
  stopAll: () => Promise<void>,
): Promise<RunningServer> {
  const { config, logger } = platform
  const metrics = openMetrics()
  const fanout = openFanout(platform.bus)
  const dispatch: Dispatch = measured(
    dispatcher(platform, features, {
      permissionsOf: (person) => permissionsOf(platform.db, person),
    }),
  )
  const perPerson = rateLimit(config.requestsPerMinute)
  const perAddress = rateLimit(config.requestsPerMinute)
  const attempts = rateLimit(config.attemptsPerMinute)
  const limit = (key: string) => (key.startsWith('person ') ? perPerson : perAddress).take(key)
  const limitAnonymous = (key: string) => (key.startsWith('attempt ') ? attempts : perAddress).take(key)

  // Subscribe first, then learn where everything stands: what commits in between is in both.
  const welcome = async (listener: Listener) => {
    const { person, session } = listener.actor
    const first = listener.conversations.size === 0
    if (first) fanout.join(listener, [])
    const before = await platform.log.heads(person)
    fanout.join(
      listener,
      before.map((head) => head.conversation),
    )
    const [heads, board, permissions, lives] = await Promise.all([
      platform.log.heads(person),
      platform.board.revision(platform.db, person),
      permissionsOf(platform.db, person),
      sessionLives(platform.db, session),
    ])
    // Who was taken out between the first look and the listening would go on hearing.
    const seated = new Set(heads.map((head) => head.conversation))
    for (const { conversation } of before) if (!seated.has(conversation)) fanout.forget(listener, conversation)
    // What ended before the connection listened has not been told to it.
    if (!lives) {
      listener.end()
      throw new AppError('unauthenticated', 'session')
    }
    for (const feature of features) feature.opened?.(platform, listener)
    return { person, session, board, heads, permissions: [...permissions] }
  }
  const part = (listener: Listener) => {
    fanout.leave(listener)
    for (const feature of features) feature.closed?.(platform, listener)
  }
  const admit = (token: string, address: string) => authenticate(platform, token, address)

  const asking = async (actor: Actor) => ({
    ...platform,
    actor,
    permissions: await permissionsOf(platform.db, actor.person),
  })

  const { app, routes } = await buildHttp({
    platform,
    dispatch,
    authenticate: admit,
    stream: { welcome, part },
    limit,
    limitAnonymous,
    setPicture: async (actor, of, bytes) =>
      of === 'me' ? setPicture(platform, actor, bytes) : setConversationPicture(await asking(actor), of, bytes),
    findPicture: async (actor, of) => {
      if ('conversation' in of) return findConversationPicture(await asking(actor), of.conversation)
      const { person } = of
      const known = await knownAmong(platform, platform.db, actor.person, [person])
      return known.length > 0 ? findPicture(platform, person) : undefined
    },
    metrics: metrics.print,
    isReady,
    webFolder: fileURLToPath(new URL('../../web/dist', import.meta.url)),
  })
  const sockets = serveSockets(app.server, {
    platform,
    dispatch,
    fanout,
    authenticate: admit,
    welcome,
    part,
    limit,
    mayConnect: (request) => isOwnOrAllowed(request.headers.origin, request.headers.host, config),
    addressOf: (request) => addressOf(request, config.trustProxy),
  })
  const stopSampling = platform.health.follow(() => fanout.count())
  undo.push(async () => stopSampling())
  metrics.gauge('sotto_sockets', 'WebSocket connections of this server.', () => sockets.count)
  metrics.gauge(
    'sotto_connections',
    'Signed-in connections of any kind on this server.',
    () => fanout.count().connections,
  )
  metrics.counter(
    'sotto_deliveries_total',
    'Frames handed to connections of this server.',
    () => fanout.count().deliveries,
  )

  // A storm of returning clients waits in the queue instead of being refused.
  await app.listen({ host: config.host, port: config.port, backlog: 4096 })
  undo.push(async () => {
    sockets.drain(config.reconnectSpreadMs)
    await Promise.race([app.close(), new Promise((resolve) => setTimeout(resolve, config.drainMs).unref())])
  })
  undo.push(runDaily(platform))
  for (const feature of features) {
    const stop = feature.started?.(platform)
    if (stop) undo.push(stop)
  }
  const { port } = app.server.address() as AddressInfo
  const host = config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host
  const url = config.publicUrl || `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  const setup = await findSetupToken(platform)
  logger.info({ url }, 'ready')
  return { url, setupUrl: setup && `${url}/setup#${setup}`, platform, dispatch, routes, stop: stopAll }

  function measured(run: Dispatch): Dispatch {
    const names = new Set<string>(commands.map((spec) => spec.name))
    return async (actor, name, input, origin) => {
      const began = performance.now()
      let outcome = 'done'
      try {
        return await run(actor, name, input, origin)
      } catch (error) {
        outcome = (error as { code?: string }).code ?? 'internal'
        if (isUnavailable(error)) outcome = 'unavailable'
        throw error
      } finally {
        // Anybody may read the metrics, and a name that is not ours could be any text.
        const seconds = (performance.now() - began) / 1000
        metrics.observeCommand(names.has(name) ? name : 'unknown', outcome, seconds)
        platform.health.observe(name, outcome, seconds)
      }
    }
  }
}

/** What features do once a day, at its beginning. Resolves, when stopped, once nothing of it runs any more. */
function runDaily(platform: Platform): () => Promise<void> {
  const { clock, logger } = platform
  const dayMs = 24 * 3_600_000
  const againMs = 60_000
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  const run = () => {
    timer = setTimeout(run, dayMs - (clock.now().getTime() % dayMs)).unref()
    running = running.then(async () => {
      let failed = false
      for (const feature of features)
        await feature.daily?.(platform).catch((error) => {
          failed = true
          logger.error({ err: error, feature: feature.name }, 'the daily work failed')
        })
      // Whose last day is over must not go on until the next midnight because the database was away at this one.
      if (failed && !stopped) {
        clearTimeout(timer)
        timer = setTimeout(run, againMs).unref()
      }
    })
  }
  run()
  return () => {
    stopped = true
    clearTimeout(timer)
    return running
  }
}
