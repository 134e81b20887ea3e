import { isUtf8 } from 'node:buffer'
import { existsSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import cookie from '@fastify/cookie'
import staticFiles from '@fastify/static'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import {
  AppError,
  type CommandSpec,
  type ConversationId,
  errors,
  type PersonId,
  commands as specs,
} from '@sotto/protocol'
import { maxFrameBytes, maxPictureBytes } from '@sotto/protocol/pure'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Actor, Origin, Platform } from '#platform/feature'
import { type Dispatch, describeError } from './dispatch.ts'
import { openApiDocument } from './openapi.ts'
import { type Authenticate, bearerToken } from './session.ts'
import { type StreamPorts, serveEvents, servePoll } from './stream.ts'

export interface HttpPorts {
  readonly platform: Platform
  readonly dispatch: Dispatch
  readonly authenticate: Authenticate
  readonly stream: StreamPorts
  readonly limit: (key: string) => number
  readonly limitAnonymous: (key: string) => number
  readonly setPicture: (actor: Actor, of: 'me' | ConversationId, bytes: Buffer) => Promise<unknown>
  /** Undefined also where the person or the conversation is none that the actor may know. */
  readonly findPicture: (actor: Actor, of: PicturedThing) => Promise<{ bytes: Buffer; version: string } | undefined>
  readonly metrics: () => Promise<string>
  readonly isReady: () => Promise<boolean>
  /** The folder of the built web app. */
  readonly webFolder: string
}

/** What has a picture. */
export type PicturedThing = { readonly person: PersonId } | { readonly conversation: ConversationId }

/** The page runs only our own scripts, talks only to us, and cannot turn text into markup or code. */
const pagePolicy = [
  "default-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types vue sotto-worker sotto-sw',
].join('; ')

const everyAnswer = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
}

const base = '/api/v1'

export async function buildHttp(ports: HttpPorts): Promise<{ app: FastifyInstance; routes: readonly string[] }> {
  const { config } = ports.platform
  const app = fastify({
    logger: false,
    bodyLimit: maxFrameBytes,
    trustProxy: config.trustProxy.length > 0 ? [...config.trustProxy] : false,
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply, ports),
    forceCloseConnections: 'idle',
    // Slow senders do not hold a connection for ever.
    requestTimeout: 60_000,
  })
  const routes: string[] = []
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) routes.push(`${one} ${url}`)
  })
  readJsonStrictly(app)
  await app.register(cookie)

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(everyAnswer)
    if (config.publicUrl.startsWith('https:')) reply.header('strict-transport-security', 'max-age=31536000')
    if (request.url.startsWith('/api/')) await admitOrigin(request, reply, ports)
  })
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, ports))
  app.setNotFoundHandler((request, reply) => {
    // A path of the app gets the page, which knows its paths; a missing file of it is missing.
    if (/^\/(api|assets)\//.test(request.url) || request.method !== 'GET')
      return answerError(new AppError('not_found', 'path'), request, reply, ports)
    return sendPage(reply, ports.webFolder)
  })

  for (const spec of specs) if (spec.carrier !== 'socket') addCommand(app, spec, ports)
  addFrames(app, ports)
  addStreams(app, ports)
  addPictures(app, ports)
  addOperations(app, ports)
  await addDocs(app)
  if (existsSync(ports.webFolder)) await addPages(app, ports.webFolder)
  return { app, routes }
}

/** JSON that is valid UTF-8, or nothing. Fastify’s own parser would replace broken bytes silently. */
function readJsonStrictly(app: FastifyInstance) {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    if (body.length === 0) return done(null, {})
    if (!isUtf8(body)) return done(new AppError('invalid_input', 'body is not UTF-8'))
    try {
      const parsed: unknown = JSON.parse(body.toString('utf8'))
      if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error()
      done(null, parsed)
    } catch {
      done(new AppError('invalid_input', 'body is not a JSON object'))
    }
  })
}

/** Whether a page of this origin may talk to us: our own, or one of the allow-list. Programs send no Origin. */
export function isOwnOrAllowed(
  origin: string | undefined,
  host: string | undefined,
  config: Platform['config'],
): boolean {
  if (origin === undefined) return true
  if (config.origins.includes(origin)) return true
  if (!URL.canParse(origin)) return false
  if (config.publicUrl !== '' && new URL(config.publicUrl).origin === origin) return true
  // Behind a name of its own or on localhost: the page came from where it now calls.
  const { host: ownHost, protocol } = new URL(origin)
  return (protocol === 'http:' || protocol === 'https:') && ownHost === host
}

async function admitOrigin(request: FastifyRequest, reply: FastifyReply, ports: HttpPorts) {
  const { origin } = request.headers
  if (!isOwnOrAllowed(origin, request.headers.host, ports.platform.config)) throw new AppError('foreign_origin')
  if (origin !== undefined && ports.platform.config.origins.includes(origin)) {
    reply.headers({
      'access-control-allow-origin': origin,
      vary: 'Origin',
      'cross-origin-resource-policy': 'cross-origin',
    })
    if (request.method === 'OPTIONS') {
      reply.headers({
        'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
        'access-control-allow-headers': 'authorization, content-type',
        'access-control-max-age': '600',
      })
      return reply.code(204).send()
    }
  }
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, ports: HttpPorts) {
  const body = describeError(
    fromFastify(error),
    ports.platform,
    `${request.method} ${request.routeOptions.url ?? 'unknown'}`,
  )
  if (body.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(body.retryAfterMs / 1000))
  return reply.code(errors[body.code].status).header('cache-control', 'no-store').send({ error: body })
}

/** Fastify’s own refusals in our words. */
function fromFastify(error: unknown): unknown {
  const { statusCode, code } = error as { statusCode?: number; code?: string }
  if (error instanceof AppError || statusCode === undefined || statusCode >= 500) return error
  if (statusCode === 413) return new AppError('too_large', 'body')
  if (statusCode === 415) return new AppError('unsupported', 'content type')
  return new AppError('invalid_input', code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH' ? 'content length' : 'request')
}

async function identify(
  request: FastifyRequest,
  ports: HttpPorts,
): Promise<{ actor: Actor; expiresAt: number } | undefined> {
  const token = bearerToken(request.headers.authorization)
  if (token === undefined) return undefined
  const admission = await ports.authenticate(token, request.ip)
  const waitMs = ports.limit(`person ${admission.actor.person}`)
  if (waitMs > 0) throw new AppError('too_many_requests', undefined, waitMs)
  return admission
}

async function requireActor(request: FastifyRequest, ports: HttpPorts) {
  const admission = await identify(request, ports)
  if (admission) return admission
  throw new AppError('unauthenticated')
}

function addCommand(app: FastifyInstance, spec: CommandSpec, ports: HttpPorts) {
  const [method, path] = spec.rest.split(' ') as [string, string]
  app.route({
    method,
    url: `${base}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    bodyLimit: spec.bodyBytes ?? maxFrameBytes,
    // Before a large body is read.
    ...(spec.bodyBytes && { onRequest: async (request: FastifyRequest) => void (await requireActor(request, ports)) }),
    handler: async (request, reply) => {
      const actor = (await identify(request, ports))?.actor ?? null
      if (!actor) {
        const waitMs = ports.limitAnonymous(
          spec.access === 'anyone' && method === 'POST' ? `attempt ${request.ip}` : `ask ${request.ip}`,
        )
        if (waitMs > 0) throw new AppError('too_many_requests', undefined, waitMs)
      }
      const answer = await ports.dispatch(actor, spec.name, inputOf(request, spec), originOf(request, reply, ports))
      reply.header('cache-control', 'no-store')
      return reply.send(answer)
    },
  })
}

/** Path, query and body as one input. The same field twice is one too many. */
function inputOf(request: FastifyRequest, spec: CommandSpec): Record<string, unknown> {
  const properties = spec.input.properties as Record<string, { type?: string }>
  const input: Record<string, unknown> = { ...((request.body as object | undefined) ?? {}) }
  const named = { ...(request.query as Record<string, string>), ...(request.params as Record<string, string>) }
  for (const [field, text] of Object.entries(named)) {
    if (field in input) throw new AppError('invalid_input', `${field} is given twice`)
    const type = properties[field]?.type
    if (type === 'integer' && /^\d{1,16}$/.test(text)) input[field] = Number(text)
    else if (type === 'boolean' && (text === 'true' || text === 'false')) input[field] = text === 'true'
    else input[field] = text
  }
  return input
}

const cookieName = 'sotto-refresh'

function originOf(request: FastifyRequest, reply: FastifyReply, ports: HttpPorts): Origin {
  const secure = ports.platform.config.publicUrl.startsWith('https:')
  const name = secure ? `__Secure-${cookieName}` : cookieName
  const options = { path: `${base}/sessions`, httpOnly: true, sameSite: 'strict', secure } as const
  return {
    address: request.ip,
    refreshCookie: request.cookies[name],
    link: null,
    setRefreshCookie(value) {
      if (value === null) reply.clearCookie(name, options)
      else reply.setCookie(name, value, { ...options, maxAge: 60 * 60 * 24 * 90 })
    },
  }
}

/** One socket frame as a request: the commands of clients that listen by events or polling. */
function addFrames(app: FastifyInstance, ports: HttpPorts) {
  app.post(`${base}/frames`, async (request, reply) => {
    const { actor } = await requireActor(request, ports)
    const { id, type, ...input } = (request.body ?? {}) as Record<string, unknown>
    if (!Number.isSafeInteger(id) || typeof type !== 'string') throw new AppError('invalid_input', 'frame')
    reply.header('cache-control', 'no-store')
    if (type === 'ping') return { id, ack: { heads: [] } }
    try {
      return { id, ack: await ports.dispatch(actor, type, input, originOf(request, reply, ports)) }
    } catch (error) {
      return { id, error: describeError(error, ports.platform, type) }
    }
  })
}

function addStreams(app: FastifyInstance, ports: HttpPorts) {
  app.get(`${base}/events`, async (request, reply) => {
    const { actor, expiresAt } = await requireActor(request, ports)
    reply.hijack()
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value)
    await serveEvents(reply.raw, actor, expiresAt, ports.stream).catch((error) => {
      ports.platform.logger.warn({ err: error }, 'an event stream failed')
      reply.raw.destroy()
    })
  })

  app.post(`${base}/poll`, async (request, reply) => {
    const { actor } = await requireActor(request, ports)
    const { board, heads, ...rest } = (request.body ?? {}) as Record<string, unknown>
    const fine =
      Number.isSafeInteger(board) &&
      typeof heads === 'object' &&
      heads !== null &&
      Object.values(heads).every(Number.isSafeInteger) &&
      Object.keys(rest).length === 0
    if (!fine) throw new AppError('invalid_input', 'cursors')
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    reply.header('cache-control', 'no-store')
    return servePoll(
      actor,
      { board: board as number, heads: heads as Record<string, number> },
      gone.signal,
      ports.stream,
    )
  })
}

function addPictures(app: FastifyInstance, ports: HttpPorts) {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(/^image\//, { parseAs: 'buffer', bodyLimit: maxPictureBytes }, (_request, body, done) =>
      done(null, body),
    )
    for (const path of ['/me/picture', '/conversations/:conversation/picture'])
      scope.put(`${base}${path}`, { bodyLimit: maxPictureBytes }, async (request) => {
        const { actor } = await requireActor(request, ports)
        if (!Buffer.isBuffer(request.body)) throw new AppError('unsupported', 'content type')
        const { conversation = 'me' } = request.params as { conversation?: ConversationId }
        if (conversation !== 'me') requireId(conversation)
        return ports.setPicture(actor, conversation, request.body)
      })
  })
  for (const path of ['/people/:person/picture', '/conversations/:conversation/picture'])
    app.get(`${base}${path}`, async (request, reply) => {
      const { actor } = await requireActor(request, ports)
      for (const id of Object.values(request.params as object)) requireId(id)
      const found = await ports.findPicture(actor, request.params as PicturedThing)
      return sendPicture(reply, found, request.headers['if-none-match'])
    })
}

function requireId(id: string) {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) throw new AppError('not_found', 'picture')
}

function sendPicture(
  reply: FastifyReply,
  found: { readonly bytes: Buffer; readonly version: string } | undefined,
  held: string | undefined,
) {
  if (!found) throw new AppError('not_found', 'picture')
  const tag = `"${found.version}"`
  // Kept by the browser, but asked for each time: whoever may see it no more, or uses the same browser next, does not get it from there.
  reply.headers({ 'cache-control': 'private, no-cache', etag: tag, vary: 'Authorization, Origin' })
  if (held === tag) return reply.code(304).send()
  return reply
    .headers({ 'content-type': 'image/webp', 'content-security-policy': "sandbox; default-src 'none'" })
    .send(found.bytes)
}

function addOperations(app: FastifyInstance, ports: HttpPorts) {
  app.get('/healthz', async () => ({ ok: true }))
  app.get('/readyz', async (_request, reply) => {
    const ready = await ports.isReady()
    return reply.code(ready ? 200 : 503).send({ ready })
  })
  app.get('/metrics', async (_request, reply) => reply.type('text/plain; version=0.0.4').send(await ports.metrics()))
}

async function addDocs(app: FastifyInstance) {
  await app.register(swagger, { mode: 'static', specification: { document: openApiDocument() as never } })
  await app.register(swaggerUi, { routePrefix: '/api/docs', staticCSP: true })
  app.get(`${base}/openapi.json`, async () => openApiDocument())
}

async function addPages(app: FastifyInstance, folder: string) {
  await app.register(staticFiles, {
    root: folder,
    index: false,
    wildcard: false,
    preCompressed: true,
    setHeaders: (response, path) => {
      response.header('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
      if (path.endsWith('.js')) response.header('content-security-policy', pagePolicy)
    },
  })
  app.get('/', (_request, reply) => sendPage(reply, folder))
}

function sendPage(reply: FastifyReply, folder: string) {
  const page = join(folder, 'index.html')
  if (!existsSync(page)) return reply.code(404).type('text/plain').send('The web app has not been built.')
  return reply
    .headers({ 'content-security-policy': pagePolicy, 'cache-control': 'no-cache' })
    .type('text/html; charset=utf-8')
    .send(readFileSync(page))
}

/** The address of a socket’s other end, or what a trusted proxy says it is. */
export function addressOf(request: IncomingMessage, trusted: readonly string[]): string {
  const peer = request.socket.remoteAddress ?? ''
  const forwarded = request.headers['x-forwarded-for']
  if (typeof forwarded !== 'string' || !trusted.includes(peer.replace(/^::ffff:/, ''))) return peer
  return forwarded.split(',').at(-1)?.trim() ?? peer
}
