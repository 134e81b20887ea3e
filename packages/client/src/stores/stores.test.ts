import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClientId, ConversationId, Entry, EntryId, PersonId } from '@sotto/protocol'
import 'fake-indexeddb/auto'
import { DatabaseSync } from 'node:sqlite'
import { openDB } from 'idb'
import { afterAll, describe, expect, test } from 'vitest'
import { PenTaken, type Store } from '#client/core/store.ts'
import { createSqliteStore } from '#client/node.ts'
import { createFallbackStore } from './fallback.ts'
import { createIndexedDbStore } from './indexed-db.ts'
import { createMemoryStore, MemoryDisk } from './memory.ts'

const folder = mkdtempSync(join(tmpdir(), 'sotto-store-'))
afterAll(() => rmSync(folder, { recursive: true }))

const here = 'here' as ConversationId
const there = 'there' as ConversationId
const alice = 'alice' as PersonId
const thread = 'thread' as ConversationId

function entry(place: number, conversation = here): Entry {
  const id = `entry-${conversation}-${place}` as EntryId
  const at = '2026-11-21T08:00:00.000Z'
  return {
    conversation,
    place,
    id,
    sender: alice,
    clientId: `client-${place}` as ClientId,
    at,
    kind: 'message',
    body: { text: `text ${place}` },
  }
}

function entries(from: number, to: number, conversation = here): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, index) => entry(from + index, conversation))
}

/** Each makes handles on the same data, as two tabs or two runs of a program have them. */
const kinds: Record<string, () => () => Store> = {
  memory: () => {
    const disk = new MemoryDisk()
    return () => createMemoryStore(disk)
  },
  IndexedDB: () => {
    const name = `test ${Math.random()}`
    return () => createIndexedDbStore(name)
  },
  SQLite: () => {
    const file = join(folder, `${Math.random()}.sqlite`)
    return () => createSqliteStore(file)
  },
  'a fall-back': () => {
    const disk = new MemoryDisk()
    const broken = createMemoryStore()
    const cannotOpen = { ...broken, open: () => Promise.reject(new Error('not here')) }
    return () => createFallbackStore(cannotOpen, () => createMemoryStore(disk))
  },
}

describe.each(Object.entries(kinds))('a store in %s', (_, makeKind) => {
  test('has nothing left of what deleted messages and their edits said', async () => {
    const store = makeKind()()
    await store.open()
    const target = entry(40).id
    const edit: Entry = { ...entry(90), kind: 'edited', target, body: { text: 'an edit' } }
    await store.write({ entries: [...entries(1, 80), edit, ...entries(1, 80, there)] })
    await store.write({ wipe: new Map([[here, new Set([target])]]), entries: entries(81, 82) })
    const left = await store.entries(here, 1, 100)
    const texts = left.map((one) => ('text' in one.body ? one.body.text : null))
    expect(texts).toEqual(
      Array.from({ length: 83 }, (_, index) => (index === 39 || index === 82 ? '' : `text ${index + 1}`)),
    )
    expect(await store.entries(there, 40, 40)).toEqual([entry(40, there)])
    await store.close()
  })

  test('has what was written after it is opened again', async () => {
    const handle = makeKind()
    const store = handle()
    expect(await store.open()).toEqual(new Map())
    await store.write({
      put: [
        ['a/1', { text: 'one' }],
        ['a/2', [2]],
      ],
      entries: entries(1, 100),
      durable: true,
    })
    await store.write({ put: [['a/1', { text: 'changed' }]], remove: ['a/2'] })
    await store.close()
    const again = handle()
    expect(await again.open()).toEqual(new Map([['a/1', { text: 'changed' }]]))
    expect(await again.entries(here, 1, 1_000)).toEqual(entries(1, 100))
    await again.close()
  })

  test('gives entries by range, by place, whatever the order they came in', async () => {
    const store = makeKind()()
    await store.open()
    await store.write({ entries: [...entries(70, 90), ...entries(1, 3)] })
    await store.write({ entries: [entry(5), entry(4), entry(64)] })
    await store.write({ entries: entries(1, 3, there) })
    expect((await store.entries(here, 2, 75)).map(({ place }) => place)).toEqual([
      2, 3, 4, 5, 64, 70, 71, 72, 73, 74, 75,
    ])
    expect(await store.entries(here, 6, 63)).toEqual([])
    expect(await store.entries(there, 1, 99)).toEqual(entries(1, 3, there))
    await store.close()
  })

  test('keeps an entry once that is written twice', async () => {
    const store = makeKind()()
    await store.open()
    await store.write({ entries: entries(1, 40) })
    await store.write({ entries: entries(30, 50) })
    expect(await store.entries(here, 1, 100)).toEqual(entries(1, 50))
    await store.close()
  })

  test('does the parts of a change in their order: clear, forget, put, remove, entries', async () => {
    const store = makeKind()()
    await store.open()
    await store.write({
      put: [
        ['a/1', 1],
        ['a/2', 2],
      ],
      entries: [...entries(1, 40), ...entries(1, 2, there)],
    })
    await store.write({ forget: [here], entries: [entry(7)] })
    expect(await store.entries(here, 1, 100)).toEqual([entry(7)])
    expect(await store.entries(there, 1, 100)).toEqual(entries(1, 2, there))
    await store.write({ clear: true, put: [['a/3', 3]], entries: [entry(9)] })
    expect(await store.entries(here, 1, 100)).toEqual([entry(9)])
    expect(await store.entries(there, 1, 100)).toEqual([])
    await store.write({ put: [['a/4', 4]] })
    expect(await store.open()).toEqual(
      new Map([
        ['a/3', 3],
        ['a/4', 4],
      ]),
    )
    await store.close()
  })

  test('keeps one picture of each person and conversation, which goes with the conversation', async () => {
    const store = makeKind()()
    await store.open()
    expect(await store.picture(alice)).toBeNull()
    const picture = (version: string, ...bytes: number[]) => ({
      of: alice as PersonId | ConversationId,
      version,
      type: 'image/png',
      bytes: new Uint8Array(bytes).buffer,
    })
    await store.write({ pictures: [picture('1', 1, 2, 3)] })
    await store.write({ pictures: [picture('2', 4, 5)] })
    const found = await store.picture(alice)
    expect(found).toMatchObject({ version: '2', type: 'image/png' })
    expect([...new Uint8Array(found?.bytes ?? new ArrayBuffer())]).toEqual([4, 5])
    await store.write({ pictures: [{ ...picture('1', 6), of: thread }] })
    expect(await store.picture(thread)).toMatchObject({ of: thread, version: '1' })
    await store.write({ forget: [thread] })
    expect(await store.picture(thread)).toBeNull()
    expect(await store.picture(alice)).not.toBeNull()
    await store.close()
  })

  test('lets nobody write who was not the last to open it', async () => {
    const handle = makeKind()
    const first = handle()
    await first.open()
    await first.write({ put: [['a/1', 'of the first']], entries: [entry(1)] })
    const second = handle()
    await second.open()
    await expect(first.write({ put: [['a/1', 'too late']], entries: [entry(2)] })).rejects.toBeInstanceOf(PenTaken)
    await expect(first.write({ clear: true })).rejects.toBeInstanceOf(PenTaken)
    await second.write({ put: [['a/2', 'of the second']] })
    expect(await second.entries(here, 1, 10)).toEqual([entry(1)])
    // Who opens it anew may write again, and sees what the other did.
    expect(await first.open()).toEqual(
      new Map([
        ['a/1', 'of the first'],
        ['a/2', 'of the second'],
      ]),
    )
    await first.write({ clear: true })
    await expect(second.write({ put: [['a/3', 3]] })).rejects.toBeInstanceOf(PenTaken)
    await first.close()
    await second.close()
  })

  test('commits nothing of a write that was on its way when somebody else took the pen', async () => {
    const handle = makeKind()
    const first = handle()
    await first.open()
    const second = handle()
    const taking = second.open()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        first.write({ put: [['count/1', index + 1]], entries: [entry(index + 1)] }),
      ),
    )
    await taking
    const committed = outcomes.filter(({ status }) => status === 'fulfilled').length
    const records = await second.open()
    expect((await second.entries(here, 1, 100)).length).toBe(committed)
    expect(records.get('count/1')).toBe(committed || undefined)
    await first.close()
    await second.close()
  })
})

test('when the version of the stored data changes, what only this device has stays; the rest comes again', async () => {
  const own = ['account/only', 'outbox/one', 'draft/here']
  const file = join(folder, 'older.sqlite')
  const older = createSqliteStore(file)
  await older.open()
  await older.write({
    put: [...own, 'conversation/here'].map((key) => [key, { of: key }] as const),
    entries: entries(1, 3),
  })
  await older.close()
  const sqlite = new DatabaseSync(file)
  sqlite.exec('PRAGMA user_version = 1')
  sqlite.close()

  const name = `older ${Math.random()}`
  const database = await openDB(name, 1, { upgrade: (fresh) => void fresh.createObjectStore('records') })
  for (const key of [...own, 'conversation/here']) await database.put('records', { of: key }, key)
  database.close()

  for (const store of [createSqliteStore(file), createIndexedDbStore(name)]) {
    const records = await store.open()
    expect([...records].sort()).toEqual(own.map((key) => [key, { of: key }]).sort())
    expect(await store.entries(here, 1, 9)).toEqual([])
    await store.close()
  }
})
