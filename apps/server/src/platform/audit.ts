import { createHash } from 'node:crypto'
import type { AuditAction, ConversationId, PersonId, SessionId } from '@sotto/protocol'
import { sql } from 'kysely'
import type { Clock } from './clock.ts'
import type { AfterCommit, Db, Tx } from './database.ts'
import type { Sealing } from './sealing.ts'

type Tables = {
  audit: {
    place: number
    at: Date
    action: AuditAction
    actor: PersonId | null
    session: SessionId | null
    person: PersonId | null
    conversation: ConversationId | null
    detail: Buffer
    hash: Buffer
  }
  audit_head: { one: boolean; place: number; hash: Buffer }
}

/** What is put on record. `detail` says what the columns do not; never a message, a password or a token. */
export interface Deed {
  readonly action: AuditAction
  readonly person?: PersonId | null
  readonly conversation?: ConversationId | null
  readonly detail?: Readonly<Record<string, unknown>>
}

/** The transaction of the deed, and who does it; null where nobody is signed in. */
export interface Doing {
  readonly tx: Tx
  readonly after: AfterCommit
  readonly actor: { readonly person: PersonId; readonly session: SessionId | null } | null
}

export interface StoredDeed {
  readonly place: number
  readonly at: Date
  readonly action: AuditAction
  readonly actor: PersonId | null
  readonly session: SessionId | null
  readonly person: PersonId | null
  readonly conversation: ConversationId | null
  readonly detail: Record<string, unknown>
  readonly hash: Buffer
}

export interface AuditFilter {
  readonly action?: AuditAction
  readonly actor?: PersonId
  readonly person?: PersonId
  readonly conversation?: ConversationId
  readonly since?: Date
  readonly until?: Date
}

/** The append-only record of deeds, each bound to the one before it by its hash: what is changed or taken out later shows. */
export interface Audit {
  /** Records a deed with its transaction, whose last step it is: the chain is locked for no longer than the commit takes. */
  record(doing: Doing, deed: Deed): void
  /** Newest first, below `before`. */
  list(db: Db | Tx, filter: AuditFilter, before: number, limit: number): Promise<StoredDeed[]>
  /** Reads everything. The place of the first record that does not follow from the one before it, or null. */
  verify(db: Db): Promise<{ records: number; broken: number | null }>
}

/** The scope of the details’ data key. Other scopes are ids of people and conversations; this one is the id of neither. */
const scope = '00000000-0000-8000-8000-617564697400'
const verifyPage = 1_000

export function openAudit(sealing: Sealing, clock: Clock): Audit {
  async function append({ tx, actor }: Doing, deed: Deed) {
    const tables = tx.withTables<Tables>()
    const head = await tables.selectFrom('audit_head').select(['place', 'hash']).forUpdate().executeTakeFirstOrThrow()
    const row = {
      place: head.place + 1,
      at: clock.now(),
      action: deed.action,
      actor: actor?.person ?? null,
      session: actor?.session ?? null,
      person: deed.person ?? null,
      conversation: deed.conversation ?? null,
    }
    const text = JSON.stringify(deed.detail ?? {})
    const hash = hashOf(head.hash, row, text)
    const detail = await sealing.seal(scope, String(row.place), Buffer.from(text))
    await tables
      .insertInto('audit')
      .values({ ...row, detail, hash })
      .execute()
    await tables.updateTable('audit_head').set({ place: row.place, hash }).execute()
  }

  async function open(row: Tables['audit']): Promise<string> {
    return (await sealing.open(scope, String(row.place), row.detail)).toString('utf8')
  }

  return {
    record(doing, deed) {
      doing.after.lastly(() => append(doing, deed))
    },

    async list(db, { action, actor, person, conversation, since, until }, before, limit) {
      let query = db.withTables<Tables>().selectFrom('audit').selectAll().where('place', '<', before)
      if (action) query = query.where('action', '=', action)
      if (actor) query = query.where('actor', '=', actor)
      if (person) query = query.where('person', '=', person)
      if (conversation) query = query.where('conversation', '=', conversation)
      if (since) query = query.where('at', '>=', since)
      if (until) query = query.where('at', '<', until)
      const rows = await query.orderBy('place', 'desc').limit(limit).execute()
      return Promise.all(rows.map(async (row) => ({ ...row, detail: JSON.parse(await open(row)) })))
    },

    async verify(db) {
      let hash: Buffer = Buffer.alloc(0)
      let place = 0
      for (;;) {
        const rows = await db
          .withTables<Tables>()
          .selectFrom('audit')
          .selectAll()
          .where('place', '>', place)
          .orderBy('place')
          .limit(verifyPage)
          .execute()
        for (const row of rows) {
          const text = await open(row).catch(() => null)
          const isNext = row.place === place + 1
          if (!isNext || text === null || !hashOf(hash, row, text).equals(row.hash))
            return { records: place, broken: place + 1 }
          hash = row.hash
          place = row.place
        }
        if (rows.length < verifyPage) break
      }
      // Records taken off the end leave a chain that holds; where it must reach is written beside it.
      const head = await sql<{ place: number }>`select place from audit_head`.execute(db)
      return { records: place, broken: place < (head.rows[0]?.place ?? 0) ? place + 1 : null }
    },
  }
}

function hashOf(before: Buffer, row: Omit<Tables['audit'], 'detail' | 'hash'>, detail: string): Buffer {
  const { place, at, action, actor, session, person, conversation } = row
  const parts = [before.toString('hex'), place, at.toISOString(), action, actor, session, person, conversation, detail]
  return createHash('sha256').update(JSON.stringify(parts)).digest()
}
