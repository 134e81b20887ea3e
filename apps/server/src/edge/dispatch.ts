import { randomUUID } from 'node:crypto'
import {
  AppError,
  type CommandName,
  type CommandSpec,
  type ConversationId,
  type ErrorBody,
  type Permission,
  type PersonId,
  commands as specs,
} from '@sotto/protocol'
import { Compile } from 'typebox/compile'
import { isLostRace, isUnavailable, transact } from '#platform/database'
import type { Actor, Command, Feature, Origin, Platform } from '#platform/feature'

/** Runs one command for somebody. Throws only `AppError`s that may be told, and bugs. */
export type Dispatch = (actor: Actor | null, name: string, input: unknown, origin: Origin) => Promise<unknown>

/** Questions that the edge has and features answer. */
export interface Doors {
  permissionsOf(person: PersonId): Promise<readonly Permission[]>
}

interface Bound {
  readonly spec: CommandSpec
  readonly command: Command
  readonly check: (input: unknown) => boolean
  readonly fault: (input: unknown) => string
}

/** Binds every command of the protocol to its handler. Throws when one has none, or a handler has no command. */
export function dispatcher(platform: Platform, features: readonly Feature[], doors: Doors): Dispatch {
  const bound = bind(features)

  return async (actor, name, input, origin) => {
    const found = bound.get(name as CommandName)
    if (!found) throw new AppError('not_found', 'command')
    const { spec, command } = found
    if (spec.access !== 'anyone' && !actor) throw new AppError('unauthenticated')
    if (!found.check(input)) throw new AppError('invalid_input', found.fault(input))
    if (spec.carrier === 'socket' && !origin.link) throw new AppError('invalid_input', 'needs a connection')
    const hasRule = spec.permission !== undefined || spec.orPermission !== undefined
    const permissions = hasRule && actor ? await doors.permissionsOf(actor.person) : []
    const mayElse = spec.orPermission !== undefined && permissions.includes(spec.orPermission)
    if (spec.permission && !permissions.includes(spec.permission) && !mayElse)
      throw new AppError('forbidden', spec.permission)
    if (spec.access === 'conversation_member' && command.mode !== 'acts')
      await requireSeat(actor as Actor, input, mayElse)
    const context = { ...platform, actor, origin, permissions }
    if (command.mode !== 'writes') return command.handle(context, input)
    return retryLostRace(() => write(context, command, input))
  }

  /** `everyChannel`: the actor may do this in channels they are not in, too. */
  async function requireSeat(actor: Actor, input: unknown, everyChannel: boolean) {
    const { conversation } = input as { conversation: ConversationId }
    if (await platform.log.findSeat(conversation, actor.person)) return
    if (everyChannel && (await platform.log.findConversation(platform.db, conversation))?.kind === 'channel') return
    throw new AppError('not_found', 'conversation')
  }

  /** One command, one transaction; nothing is announced before it has committed. */
  async function write(context: object, command: Command, input: unknown): Promise<unknown> {
    const reply = await transact(platform.db, (tx, after) => command.handle({ ...context, tx, after }, input))
    if (reply instanceof AppError) throw reply
    return reply
  }
}

function bind(features: readonly Feature[]): Map<CommandName, Bound> {
  const handlers = new Map(features.flatMap((feature) => feature.commands).map((command) => [command.name, command]))
  const bound = new Map<CommandName, Bound>()
  for (const spec of specs) {
    const command = handlers.get(spec.name)
    if (!command) throw new Error(`the command ${spec.name} has no handler`)
    handlers.delete(spec.name)
    const schema = Compile(spec.input)
    bound.set(spec.name, {
      spec,
      command,
      check: (input) => schema.Check(input),
      fault: (input) => faultOf(schema.Errors(input)),
    })
  }
  if (handlers.size > 0) throw new Error(`no such command: ${[...handlers.keys()].join(', ')}`)
  return bound
}

/** Names the first field that is wrong. What was in it stays out of the answer and of the logs. */
function faultOf(faults: readonly { instancePath: string; message: string; params?: object }[]): string {
  const fault = faults.find((candidate) => candidate.instancePath !== '') ?? faults[0]
  if (!fault) return 'input'
  const path = fault.instancePath.slice(1).replaceAll('/', '.').slice(0, 100)
  return path ? `${path} ${fault.message === 'schema is false' ? 'is unknown' : fault.message}` : fault.message
}

/** Two runs lose; the third sees the winners’ rows. */
async function retryLostRace<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let left = 2; ; left--) {
    try {
      return await attempt()
    } catch (error) {
      if (left === 0 || !isLostRace(error)) throw error
    }
  }
}

/** The only place where an error becomes an answer: refusals as they are, everything else as an incident that only the log explains. */
export function describeError(error: unknown, platform: Pick<Platform, 'logger'>, about: string): ErrorBody {
  if (error instanceof AppError) {
    const { code, about: field, retryAfterMs } = error
    return { code, ...(field !== undefined && { about: field }), ...(retryAfterMs !== undefined && { retryAfterMs }) }
  }
  if (isUnavailable(error)) {
    platform.logger.warn({ err: error, command: about }, 'the database could not answer')
    return { code: 'unavailable', retryAfterMs: 1000 }
  }
  const incident = randomUUID()
  platform.logger.error({ err: error, incident, command: about }, 'a request failed')
  return { code: 'internal', incident }
}
