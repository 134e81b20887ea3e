import Type, { type Static } from 'typebox'
import { command } from './define.ts'
import { exactly, Nothing, Time } from './types.ts'

const Rate = Type.Number({ minimum: 0 })

/** Ten seconds of one server. Rates are per second; times are of whole commands on the server, in milliseconds. */
export const HealthSample = exactly({
  at: Time,
  connections: Type.Integer({ minimum: 0 }),
  messages: Rate,
  deliveries: Rate,
  commands: Rate,
  /** Commands that failed by a fault of the server, not by a refusal. */
  failures: Rate,
  medianMs: Rate,
  /** 99 of 100 were faster. */
  p99Ms: Rate,
  memoryBytes: Type.Integer({ minimum: 0 }),
})
export type HealthSample = Static<typeof HealthSample>

export const healthCommands = [
  command({
    name: 'health.look',
    rest: 'GET /health',
    access: 'signed_in',
    permission: 'instance.manage',
    summary: 'How the server that answers is doing: the last hour in steps of ten seconds, and the database now.',
    input: Nothing,
    reply: exactly({
      version: Type.String(),
      startedAt: Time,
      samples: Type.Array(HealthSample),
      database: exactly({
        bytes: Type.Integer({ minimum: 0 }),
        roundTripMs: Type.Number({ minimum: 0 }),
      }),
    }),
  }),
] as const
