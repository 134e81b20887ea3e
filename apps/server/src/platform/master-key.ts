import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface MasterKey {
  /** The start of the key’s SHA-256, to recognise it by. */
  readonly name: string
  readonly key: Buffer
}

export interface MasterKeys {
  /** What new data keys are wrapped with. */
  current(): MasterKey
  /** Throws when the key is not at hand. */
  named(name: string): MasterKey
  /**
   * Makes a new current key where the key file is ours, and keeps the earlier ones at hand until the returned function is called:
   * by then everything must be wrapped under the new one. Does nothing where the operator sets the keys.
   */
  beginRotation(): Promise<() => Promise<void>>
}

/** The keys of `SOTTO_MASTER_KEY`, or those in a file of the data folder, which is made the first time. Current one first. */
export async function openMasterKeys(dataFolder: string, configured: readonly string[]): Promise<MasterKeys> {
  const path = join(dataFolder, 'keys', 'master.key')
  let keys = configured.length > 0 ? configured.map(parse) : await readOrMake(path)
  return {
    current: () => keys[0] as MasterKey,
    named(name) {
      const found = keys.find((key) => key.name === name)
      if (!found)
        throw new Error(
          `This database is sealed under the master key ${name}, which is neither in SOTTO_MASTER_KEY nor in ${path}.`,
        )
      return found
    },
    async beginRotation() {
      if (configured.length > 0) return async () => {}
      const fresh = parse(randomBytes(32).toString('hex'))
      await store(path, [fresh, ...keys])
      keys = [fresh, ...keys]
      return async () => {
        await store(path, [fresh])
        keys = [fresh]
      }
    },
  }
}

function parse(text: string): MasterKey {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new Error('A master key has 64 hexadecimal digits (32 random bytes).')
  const key = Buffer.from(text, 'hex')
  return { key, name: createHash('sha256').update(key).digest('hex').slice(0, 16) }
}

async function readOrMake(path: string): Promise<MasterKey[]> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    // Losing a race against another server is fine: what is in the file counts.
    await writeFile(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return (await readFile(path, 'utf8')).split(/\s+/).filter(Boolean).map(parse)
}

async function store(path: string, keys: readonly MasterKey[]): Promise<void> {
  // Written beside and renamed: a crash leaves the old file or the new one, never half of one.
  await writeFile(`${path}.new`, keys.map(({ key }) => `${key.toString('hex')}\n`).join(''), {
    mode: 0o600,
    flush: true,
  })
  await rename(`${path}.new`, path)
}
