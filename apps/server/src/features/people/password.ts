import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { AppError } from '@sotto/protocol'

/** OWASP’s floor for Argon2id: 19 MiB, two passes, one lane. 60 to 100 ms of one core. */
const memoryKiB = 19_456
const passes = 2
const tagBytes = 32

/** Hashes at the same time, and how many may wait: the rest of the server keeps a core and its memory. */
const maxRunning = 2
const maxWaiting = 200
let running = 0
const waiting: (() => void)[] = []

const derive = promisify(argon2) as (algorithm: 'argon2id', parameters: Argon2Parameters) => Promise<Buffer>

async function hash(password: string, nonce: Buffer, cost: { memory: number; passes: number }): Promise<Buffer> {
  if (running >= maxRunning) {
    if (waiting.length >= maxWaiting) throw new AppError('unavailable', 'too many sign-ins', 2_000)
    await new Promise<void>((resolve) => waiting.push(resolve))
  }
  running++
  try {
    // Runs in the thread pool. NFKC: the same password typed on another keyboard is the same password.
    return await derive('argon2id', {
      message: Buffer.from(password.normalize('NFKC')),
      nonce,
      parallelism: 1,
      tagLength: tagBytes,
      ...cost,
    })
  } finally {
    running--
    waiting.shift()?.()
  }
}

const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')

/** As a PHC string, which carries its own parameters. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16)
  const tag = await hash(password, nonce, { memory: memoryKiB, passes })
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=1$${base64(nonce)}$${base64(tag)}`
}

/** Takes the same time for a wrong password and, where `stored` is undefined, for an unknown name. */
export async function passwordMatches(password: string, stored: string | undefined): Promise<boolean> {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=1\$([^$]+)\$([^$]+)$/.exec(stored ?? '')
  if (!match) {
    await hash(password, randomBytes(16), { memory: memoryKiB, passes })
    return false
  }
  const [, memory, time, nonce, tag] = match as unknown as [string, string, string, string, string]
  const expected = Buffer.from(tag, 'base64')
  const found = await hash(password, Buffer.from(nonce, 'base64'), { memory: Number(memory), passes: Number(time) })
  return expected.length === found.length && timingSafeEqual(expected, found)
}
