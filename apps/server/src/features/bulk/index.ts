import { randomUUIDv7 } from 'node:crypto'
import {
  AppError,
  type Bulk,
  type BulkId,
  type BulkRecipient,
  type ClientId,
  type Input,
  type PersonId,
  type Reply,
} from '@sotto/protocol'
import { requireText } from '#features/messages'
import { findPeople, listPeople, peopleWithRole } from '#features/people'
import { peopleInCircles } from '#features/relationships'
import { listRoles } from '#features/roles'
import { type Db, type Tx, takeTurn } from '#platform/database'
import { type Context, type Feature, type Platform, reads, type WriteContext, writes } from '#platform/feature'
import { mayWriteToRoles, openCircles, reachable, resolve } from './audience.ts'
import { fillIn, requireFields } from './fields.ts'
import { startRunner, wakeRunner } from './run.ts'
import { type BulkRow, cancelWaiting, findBulk, insertBulk, listBulks, listRecipients } from './store.ts'

/** One message to many people, to each in their own thread. */
export const bulk: Feature = {
  name: 'bulk',
  started: startRunner,
  commands: [
    reads('bulk.audiences', audiences),
    reads('bulk.look', look),
    writes('bulk.send', send),
    reads('bulk.list', async (context, { before, limit = 20 }) => {
      const found = await listBulks(context.db, context.actor.person, before, limit + 1)
      const shown = found.slice(0, limit)
      const bulks = await Promise.all(shown.map((row) => describe(context, context.db, row)))
      return { bulks, next: found.length > limit ? (shown.at(-1)?.id ?? null) : null }
    }),
    reads('bulk.get', async (context, { bulk: id }) =>
      describe(context, context.db, await getOwn(context, context.db, id)),
    ),
    reads('bulk.recipients', recipients),
    writes('bulk.cancel', async (context, { bulk: id }) => {
      const { tx, clock, audit } = context
      const row = await getOwn(context, tx, id)
      const left = await cancelWaiting(tx, row.id, clock.now())
      if (left > 0) audit.record(context, { action: 'bulk.cancelled', detail: { bulk: id, left } })
      return describe(context, tx, await getOwn(context, tx, id))
    }),
  ],
}

async function audiences(context: Context<'signed_in'>): Promise<Reply<'bulk.audiences'>> {
  const { db, actor } = context
  const others = (people: readonly PersonId[]) => people.filter((person) => person !== actor.person).length
  const circles = []
  for (const { id, name } of await openCircles(context, db))
    circles.push({ id, name, people: others(await peopleInCircles(db, [id])) })
  const roles = []
  if (mayWriteToRoles(context))
    for (const { id } of await listRoles(db)) roles.push({ id, people: others(await peopleWithRole(db, id)) })
  const isSomebody = ({ people }: { people: number }) => people > 0
  return { circles: circles.filter(isSomebody), roles: roles.filter(isSomebody) }
}

async function look(context: Context<'signed_in'>, { to, text }: Input<'bulk.look'>): Promise<Reply<'bulk.look'>> {
  const { db } = context
  requireText(text)
  requireFields(text)
  const people = await resolve(context, db, to)
  const reached = await reachable(context, db, people)
  const [first] = await findPeople(db, reached.slice(0, 1))
  return {
    people: reached.length,
    refused: people.length - reached.length,
    example: first ? { person: first.id, displayName: first.displayName, text: fillIn(text, first) } : null,
  }
}

async function send(
  context: WriteContext<'signed_in'>,
  { clientId, to, text }: Input<'bulk.send'>,
): Promise<Reply<'bulk.send'>> {
  const { tx, after, actor, clock, audit, sealing } = context
  await takeTurn(tx, `bulk ${actor.person} ${clientId}`)
  const earlier = await findBulk(tx, actor.person, { clientId })
  if (earlier) return describe(context, tx, earlier)
  requireText(text)
  requireFields(text)
  const people = await resolve(context, tx, to)
  const id = randomUUIDv7() as BulkId
  const row = {
    id,
    sender: actor.person,
    session: actor.session,
    client_id: clientId,
    text: await sealing.seal(actor.person, id, Buffer.from(text)),
    created_at: clock.now(),
  }
  await insertBulk(
    tx,
    row,
    people.map((person) => ({ person, clientId: randomUUIDv7() as ClientId })),
  )
  audit.record(context, { action: 'bulk.begun', detail: { bulk: id, recipients: people.length } })
  after(() => wakeRunner(context))
  return describe(context, tx, { ...row, cancelled_at: null })
}

async function recipients(
  context: Context<'owner'>,
  { bulk: id, only, after = '', limit = 50 }: Input<'bulk.recipients'>,
): Promise<Reply<'bulk.recipients'>> {
  const { db, log } = context
  const row = await getOwn(context, db, id)
  const all = await listRecipients(db, row.id)
  const read = await log.haveRead(db, placesOf(all))
  const byPerson = new Map(all.map((one) => [one.person, one]))
  const isWanted = (one: (typeof all)[number]) =>
    only === undefined || (only === 'unread' ? one.state === 'sent' && !read.has(one.person) : one.state === only)
  const among = all.filter(isWanted).map((one) => one.person)
  const found = await listPeople(db, { prefix: '', after, limit: limit + 1, among })
  const shown = found.slice(0, limit).map(({ id: person, name, displayName }): BulkRecipient => {
    const { state = 'waiting', why = null, conversation = null } = byPerson.get(person) ?? {}
    return { person, name, displayName, state, why, conversation, read: read.has(person) }
  })
  return { recipients: shown, next: found.length > limit ? (shown.at(-1)?.name ?? null) : null }
}

/** Somebody else’s does not exist. */
async function getOwn({ actor }: Context<'owner'>, db: Db | Tx, id: BulkId): Promise<BulkRow> {
  const row = await findBulk(db, actor.person, { id })
  if (!row) throw new AppError('not_found', 'bulk')
  return row
}

async function describe({ log, sealing, clock }: Platform, db: Db | Tx, row: BulkRow): Promise<Bulk> {
  const all = await listRecipients(db, row.id)
  const count = (state: BulkRecipient['state']) => all.filter((one) => one.state === state).length
  const waiting = all.filter((one) => one.state === 'waiting')
  const soonest = Math.min(...waiting.map((one) => one.due_at.getTime()))
  return {
    bulk: row.id,
    text: (await sealing.open(row.sender, row.id, row.text)).toString('utf8'),
    at: row.created_at.toISOString(),
    state: waiting.length > 0 ? 'sending' : row.cancelled_at ? 'cancelled' : 'done',
    waiting: waiting.length,
    sent: count('sent'),
    read: (await log.haveRead(db, placesOf(all))).size,
    refused: count('refused'),
    cancelled: count('cancelled'),
    resumesAt: waiting.length > 0 && soonest > clock.now().getTime() ? new Date(soonest).toISOString() : null,
  }
}

function placesOf(all: Awaited<ReturnType<typeof listRecipients>>) {
  return all.flatMap(({ person, conversation, place }) =>
    conversation && place !== null ? [{ person, conversation, place }] : [],
  )
}
