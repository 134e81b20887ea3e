import { resolve } from 'node:path'

/** How entries are sealed at rest; see the guide’s page on encryption. */
export type EncryptionMethod = 'AES-256' | 'ChaCha20' | 'RSA-2048'

interface Key<Value> {
  readonly name: string
  readonly fallback: string
  readonly unit: string
  readonly says: string
  readonly parse: (text: string) => Value
}

const text = (value: string) => value

function wholeNumber(min: number, max: number) {
  return (value: string) => {
    const number = Number(value)
    if (!Number.isInteger(number) || number < min || number > max)
      throw new Error(`must be a whole number from ${min} to ${max}`)
    return number
  }
}

function oneOf<const Values extends readonly string[]>(...values: Values) {
  return (value: string): Values[number] => {
    if (!values.includes(value)) throw new Error(`must be one of ${values.join(', ')}`)
    return value
  }
}

function list(value: string): readonly string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean)
}

function origins(value: string): readonly string[] {
  return list(value).map((origin) => {
    if (URL.canParse(origin) && new URL(origin).origin === origin) return origin
    throw new Error(`"${origin}" is not an origin such as https://chat.example.org`)
  })
}

function url(value: string): string {
  if (value !== '' && !URL.canParse(value)) throw new Error('must be a URL')
  return value.replace(/\/+$/, '')
}

/** Every setting of a server. The operator’s reference page is generated from this table. */
export const keys = {
  host: { name: 'HOST', fallback: '127.0.0.1', unit: 'address', says: 'The address to listen on.', parse: text },
  port: {
    name: 'PORT',
    fallback: '8080',
    unit: 'port',
    says: 'The port to listen on; 0 takes a free one.',
    parse: wholeNumber(0, 65_535),
  },
  publicUrl: {
    name: 'SOTTO_URL',
    fallback: '',
    unit: 'URL',
    says: 'The address people use, where it is not http://HOST:PORT. With https, cookies are marked secure.',
    parse: url,
  },
  dataFolder: {
    name: 'SOTTO_DATA',
    fallback: './data',
    unit: 'folder',
    says: 'Where the database, the keys and the pictures are kept.',
    parse: (value: string) => resolve(value),
  },
  databaseUrl: {
    name: 'DATABASE_URL',
    fallback: '',
    unit: 'URL',
    says: 'An external PostgreSQL 15 or later. Empty starts the embedded one.',
    parse: text,
  },
  databaseConnections: {
    name: 'SOTTO_DATABASE_CONNECTIONS',
    fallback: '10',
    unit: 'connections',
    says: 'How many database connections the server keeps at most, beside the two that write messages.',
    parse: wholeNumber(2, 200),
  },
  masterKey: {
    name: 'SOTTO_MASTER_KEY',
    fallback: '',
    unit: '64 hexadecimal digits',
    says: 'The key over all keys; several separated by commas, the current one first. Empty keeps one in the data folder.',
    parse: list,
  },
  encryptionMethod: {
    name: 'ENCRYPTION_METHOD',
    fallback: 'AES-256',
    unit: 'AES-256, ChaCha20 or RSA-2048',
    says: 'How new content is sealed at rest. RSA-2048 wraps the data keys; content is then sealed with AES-256.',
    parse: oneOf('AES-256', 'ChaCha20', 'RSA-2048'),
  },
  origins: {
    name: 'SOTTO_ORIGINS',
    fallback: '',
    unit: 'origins, separated by commas',
    says: 'Other web origins whose pages may use the API.',
    parse: origins,
  },
  trustProxy: {
    name: 'SOTTO_TRUST_PROXY',
    fallback: '',
    unit: 'addresses, separated by commas',
    says: 'Proxies in front of the server whose X-Forwarded-For is believed.',
    parse: list,
  },
  logLevel: {
    name: 'SOTTO_LOG_LEVEL',
    fallback: 'warn',
    unit: 'level',
    says: 'What is logged: fatal, error, warn, info, debug or silent.',
    parse: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'silent'),
  },
  drainMs: {
    name: 'SOTTO_DRAIN_MS',
    fallback: '5000',
    unit: 'milliseconds',
    says: 'How long a stopping server waits for work in progress.',
    parse: wholeNumber(0, 600_000),
  },
  reconnectSpreadMs: {
    name: 'SOTTO_RECONNECT_SPREAD_MS',
    fallback: '5000',
    unit: 'milliseconds',
    says: 'Over how long clients of a stopping server spread their return.',
    parse: wholeNumber(0, 600_000),
  },
  requestsPerMinute: {
    name: 'SOTTO_REQUESTS_PER_MINUTE',
    fallback: '6000',
    unit: 'requests a minute',
    says: 'How many requests one person may make; bursts of a sixth of it are let through.',
    parse: wholeNumber(10, 10_000_000),
  },
  attemptsPerMinute: {
    name: 'SOTTO_ATTEMPTS_PER_MINUTE',
    fallback: '60',
    unit: 'attempts a minute',
    says: 'How many sign-ins and other requests without a session one address may make.',
    parse: wholeNumber(1, 10_000_000),
  },
} as const satisfies Record<string, Key<unknown>>

export type Config = { readonly [Name in keyof typeof keys]: ReturnType<(typeof keys)[Name]['parse']> }

/** Reads all settings at once. Throws one error that names every fault. */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const faults: string[] = []
  const entries = Object.entries(keys).map(([field, key]) => {
    try {
      return [field, key.parse(environment[key.name] || key.fallback)]
    } catch (error) {
      faults.push(`${key.name} ${(error as Error).message}`)
      return [field, undefined]
    }
  })
  if (faults.length > 0) throw new Error(`Some settings are wrong:\n  ${faults.join('\n  ')}`)
  return Object.freeze(Object.fromEntries(entries)) as Config
}
