import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes by name. Names are ours (`[a-z0-9-]+`), never a person’s. */
export interface Blobs {
  /** Replaces the whole blob at once. */
  put(name: string, bytes: Uint8Array): Promise<void>
  find(name: string): Promise<Buffer | undefined>
  remove(name: string): Promise<void>
}

export function folderBlobs(folder: string): Blobs {
  const path = (name: string) => {
    if (!/^[a-z0-9-]+$/.test(name))
      throw new Error('a blob name of ours has only lower-case letters, digits and dashes')
    return join(folder, name)
  }
  return {
    async put(name, bytes) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const partial = `${path(name)}.${process.pid}.partial`
      await writeFile(partial, bytes, { mode: 0o600, flush: true })
      await rename(partial, path(name))
    },
    async find(name) {
      try {
        return await readFile(path(name))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    remove: (name) => rm(path(name), { force: true }),
  }
}
