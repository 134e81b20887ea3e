import { execFile } from 'node:child_process'
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import type { Product } from '../product.ts'
import { takeFolder } from './trials.ts'

const run = promisify(execFile)

/** A place for a data folder that can become full and have room again. */
export interface SmallDisk {
  readonly dataFolder: string
  /** What the system says to whoever writes to it while it is full. */
  readonly refusal: string
  fill(product: Product): Promise<void>
  makeRoom(product: Product): Promise<void>
}

/** The cluster, a copy of its programs where the checkout is closed to their user, and some room. */
const diskSize = '256m'

/** A file system of its own in memory, and a file that takes the rest of it. */
async function mountDisk(): Promise<SmallDisk> {
  const folder = join(await takeFolder(), 'disk')
  await mkdir(folder)
  await run('mount', ['-t', 'tmpfs', '-o', `size=${diskSize},mode=0755`, 'sotto', folder])
  // Lazy: a process that is just ending does not keep it.
  onTestFinished(async () => void (await run('umount', ['--lazy', folder])))
  const filler = join(folder, 'filler')
  return {
    dataFolder: join(folder, 'data'),
    refusal: 'No space left on device',
    async fill() {
      const file = await open(filler, 'a')
      for (const bytes of [2 ** 20, 4096]) {
        const block = Buffer.alloc(bytes)
        while (await file.write(block).then(({ bytesWritten }) => bytesWritten === bytes, isFull));
      }
      await file.close()
    },
    makeRoom: () => rm(filler),
  }
}

function isFull(error: NodeJS.ErrnoException): false {
  if (error.code !== 'ENOSPC') throw error
  return false
}

/** Without the right to mount: no file of the server or of its PostgreSQL may grow any more (RLIMIT_FSIZE of setrlimit(2)). */
async function limitFiles(): Promise<SmallDisk> {
  const limitAll = async (product: Product, limit: string) => {
    const known = new Set<number>()
    // Parents first, because children inherit; until none is found that came in between.
    for (let before = -1; before < known.size; ) {
      before = known.size
      await limitTree(product.pid, limit, known)
    }
  }
  return {
    dataFolder: await takeFolder(),
    refusal: 'File too large',
    fill: (product) => limitAll(product, '0:'),
    makeRoom: (product) => limitAll(product, 'unlimited:'),
  }
}

async function limitTree(pid: number, limit: string, known: Set<number>): Promise<void> {
  if (!known.has(pid)) await limitProcess(pid, limit)
  known.add(pid)
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  for (const child of children.split(' ').map(Number).filter(Boolean)) await limitTree(child, limit, known)
}

async function limitProcess(pid: number, limit: string): Promise<void> {
  const owner = await stat(`/proc/${pid}`).catch(() => undefined)
  if (!owner) return
  const prlimit = ['prlimit', '--pid', String(pid), `--fsize=${limit}`]
  // Without CAP_SYS_RESOURCE even root changes the limits of its own processes only.
  const become = ['setpriv', '--reuid', String(owner.uid), '--regid', String(owner.gid), '--clear-groups', '--']
  const [program = '', ...args] = owner.uid === process.getuid?.() ? prlimit : [...become, ...prlimit]
  await run(program, args).catch(async (error) => {
    if (await stat(`/proc/${pid}`).catch(() => undefined)) throw error
  })
}

/** Tried where nobody sees it, in a list of mounts of its own. */
async function canMount(): Promise<boolean> {
  return run('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'sotto', tmpdir()]).then(
    () => true,
    () => false,
  )
}

/** Every way to a full disk that this machine permits; the last one is always there. */
export const smallDisks: Readonly<Record<string, () => Promise<SmallDisk>>> = {
  ...((await canMount()) && { 'a full file system': mountDisk }),
  'files that may not grow': limitFiles,
}
