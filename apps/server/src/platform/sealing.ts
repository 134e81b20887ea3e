import {
  type CipherGCMTypes,
  constants,
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  randomFillSync,
} from 'node:crypto'
import { sql } from 'kysely'
import type { EncryptionMethod } from './config.ts'
import type { AfterCommit, Db, Tx } from './database.ts'
import type { MasterKey, MasterKeys } from './master-key.ts'

type Tables = {
  data_keys: { scope: string; version: number; method: string; wrapped_by: string; wrapped: Buffer }
  secrets: { name: string; wrapped_by: string; sealed: Buffer }
  key_version: { version: number }
}

interface DataKey {
  readonly version: number
  readonly cipher: Cipher
  /** A key object: given bytes, each cipher would make one of its own, at four times the cost of the sealing (15 µs against 4 µs). */
  readonly key: KeyObject
}

interface KeyName {
  readonly scope: string
  readonly version: number
}

interface AskedKey extends KeyName {
  /** Whether it is made where there is none. */
  readonly make: boolean
  readonly resolve: (key: DataKey) => void
  readonly reject: (error: unknown) => void
}

/** Both are authenticated encryption with a 96-bit nonce and a 128-bit tag (NIST SP 800-38D, RFC 8439). */
type Cipher = 'aes-256-gcm' | 'chacha20-poly1305'
const cipherByte: Record<Cipher, number> = { 'aes-256-gcm': 1, 'chacha20-poly1305': 2 }
const layout = 1
const headerBytes = 6
const nonceBytes = 12
const tagBytes = 16

/** Data keys of this many conversations and boards are kept in memory. */
const maxCachedKeys = 20_000

/**
 * Seals what the server stores for people. Every conversation and every board has data keys of its own, wrapped by a master key that
 * is not in the database. Sealed bytes say which cipher and key version they need: layout 1, cipher 1, key version 4, nonce 12,
 * content, tag 16. What they belong to is authenticated with them, so that bytes moved to another row do not open.
 */
export interface Sealing {
  /** `belongsTo` must be the same when opening. Makes the scope’s data key when there is none yet. */
  seal(scope: string, belongsTo: string, content: Uint8Array): Promise<Buffer>
  /** Throws when the bytes were changed, moved, or need a key that is gone. */
  open(scope: string, belongsTo: string, sealed: Buffer): Promise<Buffer>
  /** Deletes a scope’s data keys with the transaction: what was sealed under it does not open any more. */
  forget(tx: Tx, after: AfterCommit, scope: string): Promise<void>
  /** A secret of the instance, made by `make` the first time. Servers that start together agree on one. */
  secret(name: string, make: () => Buffer): Promise<Buffer>
  /**
   * While running: from the next write on, content is sealed with new data keys; and where the master key is in the data folder, it is
   * replaced and everything wrapped again under the new one. Stored content stays readable throughout. Returns how many
   * data keys were wrapped anew.
   */
  rotate(): Promise<number>
}

/** Throws when the database was sealed under a master key that is not at hand. */
export async function openSealing(db: Db, masterKeys: MasterKeys, method: EncryptionMethod): Promise<Sealing> {
  const tables = db.withTables<Tables>()
  const cache = new Map<string, Promise<DataKey>>()
  const cipher: Cipher = method === 'ChaCha20' ? 'chacha20-poly1305' : 'aes-256-gcm'
  let version = await readVersion()
  await secret('check', () => randomBytes(32))
  const rsa = method === 'RSA-2048' ? await openRsa() : undefined

  async function readVersion(): Promise<number> {
    return (await tables.selectFrom('key_version').select('version').executeTakeFirstOrThrow()).version
  }

  function cached(scope: string, wanted: number, find: () => Promise<DataKey>): Promise<DataKey> {
    const name = nameOf({ scope, version: wanted })
    const known = cache.get(name)
    if (known) return known
    const found = find()
    found.catch(() => cache.delete(name))
    cache.set(name, found)
    if (cache.size > maxCachedKeys) cache.delete(cache.keys().next().value as string)
    return found
  }

  const asked: AskedKey[] = []

  /** Keys that are asked for in one turn are fetched with one statement, and those that are missing made with another. */
  function fetchKey(scope: string, wanted: number, make: boolean): Promise<DataKey> {
    return new Promise((resolve, reject) => {
      asked.push({ scope, version: wanted, make, resolve, reject })
      if (asked.length === 1) queueMicrotask(() => void answer(asked.splice(0)))
    })
  }

  async function answer(all: readonly AskedKey[]) {
    try {
      const found = await findKeys(all)
      const missing = all.filter((one) => one.make && !found.has(nameOf(one)))
      const made = await underway(makeKeys(missing))
      // Another server may have been first: what is stored counts.
      const late = await findKeys(missing.filter((one) => !made.has(nameOf(one))))
      for (const one of all) {
        const key = found.get(nameOf(one)) ?? made.get(nameOf(one)) ?? late.get(nameOf(one))
        if (key instanceof Error) one.reject(key)
        else if (key) one.resolve(key)
        else one.reject(new Error(`data key ${one.scope} ${one.version} is gone`))
      }
    } catch (error) {
      for (const one of all) one.reject(error)
    }
  }

  /** Keys that are being stored, wrapped under the master key of when that began. */
  const storing = new Set<Promise<unknown>>()

  async function underway<Result>(work: Promise<Result>): Promise<Result> {
    storing.add(work)
    try {
      return await work
    } finally {
      storing.delete(work)
    }
  }

  /** A key that does not unwrap is an error in its own place: those that were asked for with it open. */
  async function findKeys(which: readonly KeyName[]): Promise<Map<string, DataKey | Error>> {
    const keys = new Map<string, DataKey | Error>()
    if (which.length === 0) return keys
    const { rows } = await sql<Tables['data_keys']>`select k.* from data_keys k
      join unnest(${which.map((one) => one.scope)}::uuid[], ${which.map((one) => one.version)}::int[]) as w(scope, version)
        on w.scope = k.scope and w.version = k.version`.execute(tables)
    for (const row of rows) {
      try {
        const key = createSecretKey(await unwrap(row, `data key ${row.scope} ${row.version}`))
        keys.set(nameOf(row), { version: row.version, cipher: row.method as Cipher, key })
      } catch (error) {
        keys.set(nameOf(row), error as Error)
      }
    }
    return keys
  }

  async function makeKeys(which: readonly KeyName[]): Promise<Map<string, DataKey>> {
    const keys = new Map<string, DataKey>()
    if (which.length === 0) return keys
    const rows = which.map(({ scope, version }) => {
      const key = randomBytes(32)
      keys.set(nameOf({ scope, version }), { version, cipher, key: createSecretKey(key) })
      const { wrapped, wrappedBy } = wrap(key, `data key ${scope} ${version}`)
      return { scope, version, method: cipher, wrapped_by: wrappedBy, wrapped }
    })
    // In one order: two servers that make the same keys never wait for each other in a circle.
    const stored = await tables
      .insertInto('data_keys')
      .values(rows.sort((one, other) => (one.scope < other.scope ? -1 : 1)))
      .onConflict((conflict) => conflict.doNothing())
      .returning(['scope', 'version'])
      .execute()
    const names = new Set(stored.map(nameOf))
    for (const name of keys.keys()) if (!names.has(name)) keys.delete(name)
    return keys
  }

  function wrap(key: Buffer, label: string): { wrapped: Buffer; wrappedBy: string } {
    if (rsa) {
      const wrapped = publicEncrypt(
        { key: rsa.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
        key,
      )
      return { wrapped, wrappedBy: 'rsa' }
    }
    return wrapWithMaster(masterKeys.current(), key, label)
  }

  async function unwrap(row: { wrapped_by: string; wrapped: Buffer }, label: string): Promise<Buffer> {
    if (row.wrapped_by !== 'rsa') return unwrapWithMaster(masterKeys.named(row.wrapped_by), row.wrapped, label)
    const pair = rsa ?? (await openRsa())
    return privateDecrypt(
      { key: pair.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
      row.wrapped,
    )
  }

  async function openRsa(): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
    const der = await secret('rsa', () =>
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'der' }),
    )
    const privateKey = createPrivateKey({ key: der, type: 'pkcs8', format: 'der' })
    return { privateKey, publicKey: createPublicKey(privateKey) }
  }

  async function secret(name: string, make: () => Buffer): Promise<Buffer> {
    const read = () => tables.selectFrom('secrets').selectAll().where('name', '=', name).executeTakeFirst()
    let row = await read()
    if (!row) {
      const { wrapped, wrappedBy } = wrapWithMaster(masterKeys.current(), make(), `secret ${name}`)
      await tables
        .insertInto('secrets')
        .values({ name, wrapped_by: wrappedBy, sealed: wrapped })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      row = await read()
    }
    if (!row) throw new Error(`secret ${name} was not stored`)
    return unwrapWithMaster(masterKeys.named(row.wrapped_by), row.sealed, `secret ${name}`)
  }

  async function rewrap(tx: Tx): Promise<number> {
    const master = masterKeys.current()
    const own = tx.withTables<Tables>()
    for (const row of await own
      .selectFrom('secrets')
      .selectAll()
      .where('wrapped_by', '!=', master.name)
      .forUpdate()
      .execute()) {
      const plain = unwrapWithMaster(masterKeys.named(row.wrapped_by), row.sealed, `secret ${row.name}`)
      const { wrapped, wrappedBy } = wrapWithMaster(master, plain, `secret ${row.name}`)
      await own
        .updateTable('secrets')
        .set({ sealed: wrapped, wrapped_by: wrappedBy })
        .where('name', '=', row.name)
        .execute()
    }
    const stale = await own
      .selectFrom('data_keys')
      .selectAll()
      .where('wrapped_by', 'not in', [master.name, 'rsa'])
      .forUpdate()
      .execute()
    const fresh = stale.map((row) => {
      const label = `data key ${row.scope} ${row.version}`
      const plain = unwrapWithMaster(masterKeys.named(row.wrapped_by), row.wrapped, label)
      return { ...row, ...wrapWithMaster(master, plain, label) }
    })
    await sql`update data_keys k set wrapped = n.wrapped, wrapped_by = ${master.name}
      from unnest(${fresh.map((row) => row.scope)}::uuid[], ${fresh.map((row) => row.version)}::int[], ${fresh.map((row) => row.wrapped)}::bytea[])
        as n(scope, version, wrapped) where k.scope = n.scope and k.version = n.version`.execute(own)
    return fresh.length
  }

  return {
    async seal(scope, belongsTo, content) {
      const wanted = version
      const { key, cipher: name } = await cached(scope, wanted, () => fetchKey(scope, wanted, true))
      const header = Buffer.alloc(headerBytes)
      header[0] = layout
      header[1] = cipherByte[name]
      header.writeUInt32BE(wanted, 2)
      return Buffer.concat([header, encrypt(name, key, labelOf(scope, belongsTo, header), content)])
    },
    async open(scope, belongsTo, sealed) {
      if (sealed[0] !== layout) throw new Error('sealed bytes of an unknown layout')
      const wanted = sealed.readUInt32BE(2)
      const { key } = await cached(scope, wanted, () => fetchKey(scope, wanted, false))
      const name = cipherOf(sealed)
      return decrypt(name, key, labelOf(scope, belongsTo, sealed), sealed.subarray(headerBytes))
    },
    async forget(tx, after, scope) {
      await tx.withTables<Tables>().deleteFrom('data_keys').where('scope', '=', scope).execute()
      after(() => {
        for (const name of cache.keys()) if (name.startsWith(`${scope}/`)) cache.delete(name)
      })
    },
    secret,
    async rotate() {
      const finish = await masterKeys.beginRotation()
      // What is being stored under the earlier master key would come after all else was wrapped anew, and be lost with it.
      await Promise.allSettled(storing)
      const count = await db.transaction().execute(async (tx) => {
        await tx
          .withTables<Tables>()
          .updateTable('key_version')
          .set((row) => ({ version: row('version', '+', 1) }))
          .execute()
        return rewrap(tx)
      })
      await finish()
      version = await readVersion()
      return count
    },
  }
}

function nameOf({ scope, version }: KeyName): string {
  return `${scope}/${version}`
}

/** What the content is bound to: its place, and what its own header says of it. */
function labelOf(scope: string, belongsTo: string, sealed: Buffer): string {
  return `${scope} ${belongsTo} ${sealed.toString('hex', 0, headerBytes)}`
}

function cipherOf(sealed: Buffer): Cipher {
  for (const name of ['aes-256-gcm', 'chacha20-poly1305'] as const) if (cipherByte[name] === sealed[1]) return name
  throw new Error('sealed bytes of an unknown cipher')
}

function wrapWithMaster(master: MasterKey, key: Buffer, label: string): { wrapped: Buffer; wrappedBy: string } {
  return { wrapped: encrypt('aes-256-gcm', master.key, label, key), wrappedBy: master.name }
}

function unwrapWithMaster(master: MasterKey, wrapped: Buffer, label: string): Buffer {
  return decrypt('aes-256-gcm', master.key, label, wrapped)
}

/** Fetched from the generator many at a time: a call for each costs a third of the sealing. */
const nonces = Buffer.alloc(512 * nonceBytes)
let nextNonceAt = nonces.length

function nextNonce(): Buffer {
  if (nextNonceAt === nonces.length) {
    randomFillSync(nonces)
    nextNonceAt = 0
  }
  nextNonceAt += nonceBytes
  return nonces.subarray(nextNonceAt - nonceBytes, nextNonceAt)
}

function encrypt(name: Cipher, key: Buffer | KeyObject, belongsTo: string, content: Uint8Array): Buffer {
  const nonce = nextNonce()
  const cipher = createCipheriv(name as CipherGCMTypes, key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(Buffer.from(belongsTo), { plaintextLength: content.length })
  const sealed = Buffer.concat([nonce, cipher.update(content), cipher.final()])
  return Buffer.concat([sealed, cipher.getAuthTag()])
}

function decrypt(name: Cipher, key: Buffer | KeyObject, belongsTo: string, sealed: Buffer): Buffer {
  if (sealed.length < nonceBytes + tagBytes) throw new Error('sealed bytes are cut short')
  const decipher = createDecipheriv(name as CipherGCMTypes, key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  })
  const content = sealed.subarray(nonceBytes, sealed.length - tagBytes)
  decipher.setAAD(Buffer.from(belongsTo), { plaintextLength: content.length })
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  return Buffer.concat([decipher.update(content), decipher.final()])
}
