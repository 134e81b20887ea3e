import type { BoardRow, PersonId } from '@sotto/protocol'
import { sql } from 'kysely'
import type { Bus } from './bus.ts'
import type { AfterCommit, Db, Tx } from './database.ts'
import type { Sealing } from './sealing.ts'

type Tables = {
  boards: { person: PersonId; revision: number }
  board_rows: { person: PersonId; key: string; revision: number; value: Buffer | null }
}

type Value = NonNullable<BoardRow['value']>

/**
 * What concerns one person only, on all their devices: keyed rows, of which the latest value counts, with a revision per person. Synced
 * by "rows above my revision"; a frame after each commit spares the asking.
 */
export interface Board {
  /** Sets rows (null removes) as a part of the transaction. Locks the person’s board: revisions commit in order. */
  put(
    tx: Tx,
    after: AfterCommit,
    person: PersonId,
    rows: readonly { key: string; value: Value | null }[],
  ): Promise<void>
  /** The same for several people, in a fixed number of statements; each row once. Locks their boards in the order of the people. */
  putEach(
    tx: Tx,
    after: AfterCommit,
    rows: readonly { person: PersonId; key: string; value: Value | null }[],
  ): Promise<void>
  /** Removes a row from the boards of many people, in a fixed number of statements. */
  removeFrom(tx: Tx, after: AfterCommit, people: readonly PersonId[], key: string): Promise<void>
  find(db: Db | Tx, person: PersonId, key: string): Promise<Value | undefined>
  /** Rows above a revision, in its order, removed ones as null. */
  pull(
    db: Db | Tx,
    person: PersonId,
    after: number,
    limit: number,
  ): Promise<{ rows: BoardRow[]; revision: number; more: boolean }>
  revision(db: Db | Tx, person: PersonId): Promise<number>
}

export function openBoard(sealing: Sealing, bus: Bus): Board {
  async function open(row: { person: PersonId; key: string; value: Buffer | null }): Promise<Value | null> {
    if (row.value === null) return null
    return JSON.parse((await sealing.open(row.person, row.key, row.value)).toString('utf8'))
  }

  async function revision(db: Db | Tx, person: PersonId): Promise<number> {
    const row = await db
      .withTables<Tables>()
      .selectFrom('boards')
      .select('revision')
      .where('person', '=', person)
      .executeTakeFirst()
    return row?.revision ?? 0
  }

  async function putEach(
    tx: Tx,
    after: AfterCommit,
    rows: readonly { person: PersonId; key: string; value: Value | null }[],
  ): Promise<void> {
    const sealed = await Promise.all(
      rows.map(async (row) => ({
        ...row,
        sealed: row.value && (await sealing.seal(row.person, row.key, Buffer.from(JSON.stringify(row.value)))),
      })),
    )
    const byPerson = Map.groupBy(sealed, (row) => row.person)
    const counts = [...byPerson.values()].map((own) => own.length)
    const { rows: boards } = await sql<{ person: PersonId; revision: number }>`insert into boards (person, revision)
      select * from unnest(${[...byPerson.keys()]}::uuid[], ${counts}::bigint[]) as w(person, count) order by person
      on conflict (person) do update set revision = boards.revision + excluded.revision
      returning person, revision`.execute(tx)
    const frames = boards.map(({ person, revision }) => {
      const own = byPerson.get(person) ?? []
      const previous = revision - own.length
      return { person, previous, revision, rows: own.map((row, index) => ({ ...row, revision: previous + index + 1 })) }
    })
    const all = frames.flatMap((frame) => frame.rows)
    await sql`insert into board_rows (person, key, revision, value)
      select * from unnest(${all.map((row) => row.person)}::uuid[], ${all.map((row) => row.key)}::text[],
        ${all.map((row) => row.revision)}::bigint[], ${all.map((row) => row.sealed)}::bytea[])
      on conflict (person, key) do update set revision = excluded.revision, value = excluded.value`.execute(tx)
    after(() => {
      for (const { person, previous, revision, rows } of frames) {
        const written = rows.map(({ key, revision, value }) => ({ key, revision, value }))
        const frame = JSON.stringify({ type: 'board', previous, revision, rows: written })
        bus.publish({ kind: 'frame', audience: `p:${person}`, frame, mayDrop: false, head: revision })
      }
    })
  }

  return {
    put: (tx, after, person, rows) =>
      putEach(
        tx,
        after,
        rows.map((row) => ({ ...row, person })),
      ),
    putEach,

    async removeFrom(tx, after, people, key) {
      const { rows } = await sql<{ person: PersonId; revision: number }>`
        with found as (
          select r.person from board_rows r join boards b on b.person = r.person
          where r.person = any(${people}::uuid[]) and r.key = ${key} and r.value is not null order by r.person for no key update of b
        ), moved as (
          update boards b set revision = b.revision + 1 from found f where b.person = f.person returning b.person, b.revision
        )
        update board_rows r set value = null, revision = m.revision from moved m where r.person = m.person and r.key = ${key}
        returning r.person, r.revision`.execute(tx)
      after(() => {
        for (const { person, revision } of rows) {
          const frame = { type: 'board', previous: revision - 1, revision, rows: [{ key, revision, value: null }] }
          bus.publish({
            kind: 'frame',
            audience: `p:${person}`,
            frame: JSON.stringify(frame),
            mayDrop: false,
            head: revision,
          })
        }
      })
    },

    async find(db, person, key) {
      const row = await db
        .withTables<Tables>()
        .selectFrom('board_rows')
        .selectAll()
        .where('person', '=', person)
        .where('key', '=', key)
        .executeTakeFirst()
      return row ? ((await open(row)) ?? undefined) : undefined
    },

    async pull(db, person, after, limit) {
      const found = await db
        .withTables<Tables>()
        .selectFrom('board_rows')
        .selectAll()
        .where('person', '=', person)
        .where('revision', '>', after)
        .orderBy('revision')
        .limit(limit + 1)
        .execute()
      const page = found.slice(0, limit)
      const rows = await Promise.all(
        page.map(async (row) => ({ key: row.key, revision: row.revision, value: await open(row) })),
      )
      // The newest revision is always that of a row: what commits after this query comes above it.
      return { rows, more: found.length > limit, revision: rows.at(-1)?.revision ?? after }
    },

    revision,
  }
}
