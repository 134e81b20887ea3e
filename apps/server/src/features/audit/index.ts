import { isDeepStrictEqual } from 'node:util'
import type { AuditRecord, Input, Reply } from '@sotto/protocol'
import { listPeople } from '#features/people'
import { devicesOf } from '#features/sessions'
import { acts, type Feature, reads, type WriteContext, writes } from '#platform/feature'

/** People that are found at once by the beginning of a name. */
const foundAtOnce = 50
/** How many looks at the record one may have going on. */
const looksKept = 20

export const audit: Feature = {
  name: 'audit',
  commands: [
    writes('audit.list', list),
    reads('audit.people', async ({ db }, { people, prefix = '' }) => {
      const limit = people?.length ?? foundAtOnce
      return {
        people: await listPeople(db, { prefix: prefix.trim(), after: '', limit, ...(people && { among: people }) }),
      }
    }),
    acts('audit.verify', ({ audit: record, db }) => record.verify(db)),
  ],
}

async function list(context: WriteContext<'signed_in'>, input: Input<'audit.list'>): Promise<Reply<'audit.list'>> {
  const { tx, audit: record } = context
  const { before = Number.MAX_SAFE_INTEGER, limit = 100, since, until, ...filter } = input
  const span = { ...(since && { since: new Date(since) }), ...(until && { until: new Date(until) }) }
  const found = await record.list(tx, { ...filter, ...span }, before, limit + 1)
  const shown = found.slice(0, limit)
  const devices = await devicesOf(
    tx,
    shown.flatMap(({ session }) => session ?? []),
  )
  if (!(await isOnRecord(context, input))) record.record(context, { action: 'audit.read', detail: { filter: input } })
  return {
    records: shown.map(
      (deed): AuditRecord => ({
        ...deed,
        at: deed.at.toISOString(),
        device: (deed.session && devices.get(deed.session)) ?? null,
        hash: deed.hash.toString('hex'),
      }),
    ),
    next: found.length > limit ? (shown.at(-1)?.place ?? null) : null,
  }
}

/**
 * One record for a look, not one for each page of it: a page belongs to a look that the same device has begun with the same filter, and
 * which is newer than everything on the page.
 */
async function isOnRecord(
  { tx, audit: record, actor }: WriteContext<'signed_in'>,
  input: Input<'audit.list'>,
): Promise<boolean> {
  const { before } = input
  if (before === undefined) return false
  const looks = await record.list(tx, { action: 'audit.read', actor: actor.person }, Number.MAX_SAFE_INTEGER, looksKept)
  return looks.some(
    ({ place, session, detail }) =>
      place >= before && session === actor.session && isDeepStrictEqual(filterOf(detail.filter), filterOf(input)),
  )
}

function filterOf(input: unknown): object {
  const { before: _, limit: __, ...filter } = input as Input<'audit.list'>
  return filter
}
