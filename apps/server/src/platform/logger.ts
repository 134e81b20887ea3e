import { type Logger, pino } from 'pino'

export type { Logger } from 'pino'

/** Fields that may hold what people wrote, or what would let somebody act as them. They never reach a log. */
const secret = [
  'text',
  'body',
  'password',
  'current',
  'token',
  'accessToken',
  'refreshToken',
  'setup',
  'invitation',
  'authorization',
  'cookie',
  'key',
]

/** Structured lines on standard error, so that standard output stays for people. */
export function openLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      redact: { paths: secret.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[secret]' },
      serializers: { err: describeError },
    },
    pino.destination({ fd: 2, sync: true }),
  )
}

/** Without the fields a database driver adds: `detail` and `parameters` quote rows. */
function describeError(error: Error & { code?: string; table?: string; constraint?: string }) {
  return {
    type: error.name,
    message: error.message,
    code: error.code,
    table: error.table,
    constraint: error.constraint,
    stack: error.stack,
  }
}
