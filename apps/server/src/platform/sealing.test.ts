import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { template } from '../testing/global-setup.ts'
import type { EncryptionMethod } from './config.ts'
import { type AfterCommit, openDatabase, type Tx, transact } from './database.ts'
import { openLogger } from './logger.ts'
import { openMasterKeys } from './master-key.ts'
import { openSealing } from './sealing.ts'

async function prepare() {
  const name = `sealing_${randomUUID().replaceAll('-', '')}`
  const maintenance = new pg.Client(inject('postgres'))
  await maintenance.connect()
  await maintenance.query('select pg_advisory_lock(1)')
  await maintenance.query(`create database ${name} template ${template}`)
  await maintenance.query('select pg_advisory_unlock(1)')
  const { db, close } = openDatabase({ ...inject('postgres'), database: name }, 3, openLogger('silent'))
  const folder = await mkdtemp(join(tmpdir(), 'sotto-sealing-'))
  onTestFinished(async () => {
    await close()
    await maintenance.query(`drop database ${name} with (force)`)
    await maintenance.end()
    await rm(folder, { recursive: true, force: true })
  })
  const open = async (method: EncryptionMethod, keys: readonly string[] = []) =>
    openSealing(db, await openMasterKeys(folder, keys), method)
  const transaction = (work: (tx: Tx, after: AfterCommit) => Promise<void>) => transact(db, work)
  const query = async (text: string) => {
    const client = new pg.Client({ ...inject('postgres'), database: name })
    await client.connect()
    onTestFinished(() => client.end())
    await client.query(text)
    return client
  }
  return { open, folder, transaction, query }
}

const [one, other] = [randomUUID(), randomUUID()]
const text = Buffer.from('the canary sings at noon')

for (const method of ['AES-256', 'ChaCha20', 'RSA-2048'] as const)
  test(`${method}: what is sealed opens for what it belongs to, after a restart too, and nowhere else`, async () => {
    const { open } = await prepare()
    const sealing = await open(method)
    const sealed = await sealing.seal(one, 'entry 1', text)
    expect(sealed.includes(text)).toBe(false)
    expect(await sealing.seal(one, 'entry 1', text)).not.toEqual(sealed)
    const restarted = await open(method)
    expect(await restarted.open(one, 'entry 1', sealed)).toEqual(text)
    await expect(restarted.open(one, 'entry 2', sealed)).rejects.toThrow()
    await restarted.seal(other, 'entry 1', text)
    await expect(restarted.open(other, 'entry 1', sealed)).rejects.toThrow()
    for (const at of [0, 1, 5, 8, sealed.length - 1]) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] as number) ^ 1
      await expect(restarted.open(one, 'entry 1', changed), `byte ${at}`).rejects.toThrow()
    }
  })

test('another method from now on leaves what is stored readable', async () => {
  const { open } = await prepare()
  const before = await (await open('AES-256')).seal(one, 'a', text)
  const sealing = await open('ChaCha20')
  await sealing.rotate()
  const after = await sealing.seal(one, 'b', text)
  expect([before[1], after[1]]).toEqual([1, 2])
  const rsa = await open('RSA-2048')
  expect([await rsa.open(one, 'a', before), await rsa.open(one, 'b', after)]).toEqual([text, text])
})

test('rotation replaces the master key in the data folder, while others read and write', async () => {
  const { open, folder } = await prepare()
  const sealing = await open('AES-256')
  const sealed = await Promise.all(Array.from({ length: 20 }, () => sealing.seal(randomUUID(), 'x', text)))
  expect(sealed.length).toBe(20)
  const kept = await sealing.seal(one, 'a', text)
  const before = await readFile(join(folder, 'keys', 'master.key'), 'utf8')
  const [, ...during] = await Promise.all([
    sealing.rotate(),
    ...Array.from({ length: 50 }, (_, index) => sealing.seal(one, `${index}`, text)),
  ])
  const after = await readFile(join(folder, 'keys', 'master.key'), 'utf8')
  expect(after).not.toBe(before)
  expect(after.trim().split('\n').length).toBe(1)
  const restarted = await open('AES-256')
  expect(await restarted.open(one, 'a', kept)).toEqual(text)
  for (const [index, bytes] of during.entries()) expect(await restarted.open(one, `${index}`, bytes)).toEqual(text)
  // The old key opens nothing any more.
  await expect(open('AES-256', [before.trim()])).rejects.toThrow(/master key/)
})

test('a server without the right master key does not start', async () => {
  const { open } = await prepare()
  const key = randomBytes(32).toString('hex')
  const sealed = await (await open('AES-256', [key])).seal(one, 'a', text)
  await expect(open('AES-256', [randomBytes(32).toString('hex')])).rejects.toThrow(/sealed under the master key/)
  await expect(open('AES-256', ['too short'])).rejects.toThrow(/64 hexadecimal digits/)
  // An operator puts the new key first and keeps the old one for what it sealed.
  expect(await (await open('AES-256', [randomBytes(32).toString('hex'), key])).open(one, 'a', sealed)).toEqual(text)
})

test('what was sealed under a scope that is forgotten does not open any more; what belongs to others does', async () => {
  const { open, transaction } = await prepare()
  const sealing = await open('AES-256')
  const [gone, kept] = [await sealing.seal(one, 'a', text), await sealing.seal(other, 'a', text)]
  expect(await sealing.open(one, 'a', gone)).toEqual(text)
  await transaction((tx, after) => sealing.forget(tx, after, one))
  for (const server of [sealing, await open('AES-256')]) {
    await expect(server.open(one, 'a', gone)).rejects.toThrow()
    expect(await server.open(other, 'a', kept)).toEqual(text)
  }
})

test('a data key that is damaged does not keep those from opening that are fetched with it', async () => {
  const { open, query } = await prepare()
  const before = await open('AES-256')
  const [damaged, whole] = await Promise.all([one, other].map((scope) => before.seal(scope, 'a', text)))
  await query(`update data_keys set wrapped = '\\x00' where scope = '${one}'`)
  const sealing = await open('AES-256')
  const [first, second] = await Promise.allSettled([
    sealing.open(one, 'a', damaged as Buffer),
    sealing.open(other, 'a', whole as Buffer),
  ])
  expect(first?.status).toBe('rejected')
  expect(second).toMatchObject({ status: 'fulfilled', value: text })
})

test('a data key that is made while the keys are rotated is not lost with the master key before', async () => {
  const { open, folder, query } = await prepare()
  const sealing = await open('AES-256')
  const client = await query('select 1')
  await client.query('begin')
  await client.query('lock table data_keys in share mode')
  const sealed = sealing.seal(one, 'a', text)
  const waiting = async () => {
    const { rows } = await client.query(
      `select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    return rows[0].count
  }
  await expect.poll(waiting).toBe(1)
  const rotated = sealing.rotate()
  const masterKeys = async () => (await readFile(join(folder, 'keys', 'master.key'), 'utf8')).trim().split('\n')
  await expect.poll(masterKeys).toHaveLength(2)
  // Time for a rotation that does not wait to look for what it has to wrap anew.
  await new Promise((resolve) => setTimeout(resolve, 300))
  await client.query('commit')
  await rotated
  expect(await masterKeys()).toHaveLength(1)
  expect(await (await open('AES-256')).open(one, 'a', await sealed)).toEqual(text)
})
