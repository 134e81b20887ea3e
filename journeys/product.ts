import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../apps/server/src/main.ts', import.meta.url))
const compileCache = fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url))

/** The product as it is started by people: a process of its own, with its own PostgreSQL, on a port that stays the same. */
export interface Product {
  readonly url: string
  readonly dataFolder: string
  /** The link it printed first: the one for setting up. */
  readonly setup: string
  readonly pid: number
  /** What it has written to its log, where the journey set the level (`SOTTO_LOG_LEVEL`); otherwise the log is passed on. */
  readonly log: string
  /** `kill -9` of PostgreSQL; waits for one that lives. */
  killPostgres(): Promise<void>
  /** Stops every process of PostgreSQL for as long as this takes: connections stay open and nothing answers. */
  pausePostgres(during: () => Promise<void>): Promise<void>
  /** `kill -9` of the server; resolves when the process is gone. */
  kill(): Promise<void>
  /** Starts it again on the same folder and port; resolves when it answers. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const living = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

/** Also when the test itself breaks, the process does not stay. */
export function endWithUs(child: ChildProcess): void {
  living.add(child)
  child.once('exit', () => living.delete(child))
}

export async function startProduct(
  dataFolder: string,
  environment: Record<string, string> = {},
  flags: readonly string[] = [],
): Promise<Product> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  let child: ChildProcess
  let gone: Promise<unknown>
  let setup = ''
  let log = ''

  async function start(): Promise<void> {
    child = spawn(process.execPath, [main, 'serve', ...flags], {
      env: {
        ...process.env,
        // Half of a start is compiling.
        NODE_COMPILE_CACHE: compileCache,
        PORT: String(port),
        SOTTO_DATA: dataFolder,
        SOTTO_LOG_LEVEL: process.env.SOTTO_LOG_LEVEL ?? 'fatal',
        SOTTO_RECONNECT_SPREAD_MS: '200',
        SOTTO_ATTEMPTS_PER_MINUTE: '100000',
        SOTTO_REQUESTS_PER_MINUTE: '1000000',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'SOTTO_LOG_LEVEL' in environment ? 'pipe' : 'inherit'],
    })
    const started = child
    endWithUs(started)
    gone = new Promise((resolve) => started.once('exit', resolve))
    started.stderr?.setEncoding('utf8').on('data', (text) => {
      log += text
    })
    let printed = ''
    await new Promise<void>((resolve, reject) => {
      started.stdout?.on('data', (chunk) => {
        printed += chunk
        const link = /http:\/\/\S+/.exec(printed)?.[0]
        if (!link) return
        setup ||= link
        resolve()
      })
      // All of its last words are there once its streams have ended.
      started.once('close', (code) =>
        reject(new Error(`the server ended with ${code} before it was ready: ${printed}${log}`)),
      )
    })
  }

  await start()
  return {
    url,
    dataFolder,
    get setup() {
      return setup
    },
    get pid() {
      return child.pid as number
    },
    get log() {
      return log
    },
    async killPostgres() {
      for (;;) {
        const file = await readFile(join(dataFolder, 'postgres/postmaster.pid'), 'utf8').catch(() => '')
        if (killed(Number(file.split('\n')[0]))) return
        await sleep(5)
      }
    },
    async pausePostgres(during) {
      const postmaster = Number((await readFile(join(dataFolder, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0])
      // The postmaster first: one that it started in between would go on answering. The list may leave out some as long as others run.
      process.kill(postmaster, 'SIGSTOP')
      while (!/^State:\s+T/m.test(await readFile(`/proc/${postmaster}/status`, 'utf8'))) await sleep(1)
      const children = new Set<number>()
      for (let known = -1; known < children.size; ) {
        known = children.size
        for (const pid of await childrenOf(postmaster)) {
          if (!children.has(pid)) process.kill(pid, 'SIGSTOP')
          children.add(pid)
        }
        await sleep(5)
      }
      try {
        await during()
      } finally {
        for (const pid of [...children, postmaster]) process.kill(pid, 'SIGCONT')
      }
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
    restart: start,
    async stop() {
      child.kill('SIGTERM')
      await Promise.race([gone, sleep(15_000).then(() => child.kill('SIGKILL'))])
    },
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return list.split(' ').map(Number).filter(Boolean)
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

function killed(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}
