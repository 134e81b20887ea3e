import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ClientOptions, WebSocket } from 'ws'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Program {
  readonly url: string
  readonly pid: number
  /** The first line it printed that holds a link. */
  readonly link: string
  /** Milliseconds from the start of the process to that line. */
  readonly startMs: number
  /** Resident bytes now. */
  memory(): Promise<number>
  stop(): Promise<void>
}

/** Runs a program of ours until it prints a link. */
export async function startProgram(
  file: string,
  args: readonly string[],
  environment: Record<string, string>,
): Promise<Program> {
  const began = performance.now()
  const child = spawn(process.execPath, [...nodeFlags, file, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // Also when the measurement itself breaks.
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
  const link = await firstLink(child)
  const pid = child.pid as number
  return {
    pid,
    link,
    url: new URL(link).origin,
    startMs: performance.now() - began,
    memory: () => residentBytes(pid),
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await gone
    },
  }
}

/** So that memory is compared after a collection, and not between two. */
const nodeFlags = ['--expose-gc']

function firstLink(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    child.stdout?.on('data', (chunk) => {
      printed += chunk
      const link = /https?:\/\/\S+/.exec(printed)?.[0]
      if (link) resolve(link)
    })
    child.once('exit', (code) => reject(new Error(`the program ended with ${code} before it was ready`)))
  })
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

export async function withFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'sotto-bench-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Limits are for people; a generator is a thousand of them behind one address. */
const noLimits = { SOTTO_REQUESTS_PER_MINUTE: '10000000', SOTTO_ATTEMPTS_PER_MINUTE: '10000000' }

export function startSotto(dataFolder: string, environment: Record<string, string> = {}): Promise<Program> {
  return startProgram(join(root, 'apps/server/src/main.ts'), ['serve'], {
    PORT: '0',
    SOTTO_DATA: dataFolder,
    // As `npm start` does.
    NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'),
    ...noLimits,
    ...environment,
  })
}

export interface BenchPerson {
  readonly id: string
  readonly token: string
}

export async function post<Reply>(url: string, path: string, body: object, token?: string): Promise<Reply> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Reply
}

/** An instance with so many people, who use only what everybody uses. */
export async function makePeople(program: Program, count: number): Promise<BenchPerson[]> {
  return (await makeInstance(program, count)).people
}

/** The same with the one who set it up. Names are `admin`, `p0`, `p1` and so on. */
export async function makeInstance(
  program: Program,
  count: number,
): Promise<{ admin: BenchPerson; people: BenchPerson[] }> {
  type SignedIn = { person: { id: string }; accessToken: string }
  const account = (name: string) => ({
    name,
    displayName: name,
    password: 'correct horse',
    device: 'bench',
    keep: 'token',
  })
  const setup = new URL(program.link).hash.slice(1)
  const admin = await post<SignedIn>(program.url, '/setup', { setup, instance: 'Bench', ...account('admin') })
  const invite = { role: 'member', uses: count, expiresInHours: 1 }
  const { token } = await post<{ token: string }>(program.url, '/invitations', invite, admin.accessToken)
  const people: BenchPerson[] = []
  for (let index = 0; index < count; index += 20) {
    const names = Array.from({ length: Math.min(20, count - index) }, (_, offset) => `p${index + offset}`)
    const signedIn = await Promise.all(
      names.map((name) => post<SignedIn>(program.url, '/people', { invitation: token, ...account(name) })),
    )
    people.push(...signedIn.map(({ person, accessToken }) => ({ id: person.id, token: accessToken })))
  }
  return { admin: { id: admin.person.id, token: admin.accessToken }, people }
}

export async function makeThread(program: Program, one: BenchPerson, other: BenchPerson): Promise<string> {
  const input = { person: other.id, clientId: randomUUID(), text: 'hello' }
  return (await post<{ conversation: string }>(program.url, '/threads', input, one.token)).conversation
}

export interface BenchSocket {
  /** Resolves with the raw answer. */
  ask(frame: object): Promise<string>
  /** Every push frame, unparsed. */
  onPush(listener: (data: Buffer) => void): void
  terminate(): void
}

/** A connection that has said hello. Reads answers by their first bytes: the generator must cost less than what it measures. */
export async function connect(url: string, token: string, options: ClientOptions = {}): Promise<BenchSocket> {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/api/v1/socket`, {
    perMessageDeflate: false,
    skipUTF8Validation: true,
    ...options,
  })
  const waiting = new Map<number, (data: string) => void>()
  let pushed: (data: Buffer) => void = () => {}
  let lastId = 0
  ws.on('message', (data: Buffer) => {
    // Answers begin with {"id":
    if (data[2] !== 0x69) return pushed(data)
    const text = data.toString('latin1')
    const id = Number.parseInt(text.slice(6), 10)
    waiting.get(id)?.(text)
    waiting.delete(id)
  })
  await new Promise<void>((resolve, reject) => {
    ws.once('open', resolve)
    ws.once('error', reject)
  })
  const socket: BenchSocket = {
    ask: (frame) =>
      new Promise((resolve) => {
        const id = ++lastId
        waiting.set(id, resolve)
        ws.send(JSON.stringify({ id, ...frame }))
      }),
    onPush: (listener) => {
      pushed = listener
    },
    terminate: () => ws.terminate(),
  }
  const welcome = await socket.ask({ type: 'hello', version: 1, token })
  if (welcome.includes('"error"')) throw new Error(welcome)
  return socket
}

/** The value below which this part (0 to 1) of the samples lies. */
export function percentile(samples: number[], part: number): number {
  const sorted = samples.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

export interface Line {
  readonly what: string
  readonly ours: string
  readonly compared: string
  readonly goal: string
  readonly met: boolean
}
