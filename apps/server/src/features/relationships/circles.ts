import { randomUUIDv7 } from 'node:crypto'
import { AppError, type Circle, type CircleId, type PersonId } from '@sotto/protocol'
import { findPeople, listPeople } from '#features/people'
import type { Db, Tx } from '#platform/database'
import { type Command, reads, writes } from '#platform/feature'
import {
  changeMembers,
  circlesOf,
  countOfCircle,
  deleteCircle,
  findCircle,
  listCircles,
  peopleInCircles,
  putCircle,
} from './store.ts'
import { lockRules, supervise } from './supervision.ts'

export const circleHandlers: readonly Command[] = [
  reads('circles.mine', async ({ db, actor }) => ({
    circles: (await circlesOf(db, [actor.person])).map(({ id, name }) => ({ id, name })),
  })),
  reads('circles.list', async ({ db }, { find = '', after = '', limit = 50 }) => {
    const found = await listCircles(db, { find: find.trim(), after, limit: limit + 1 })
    const circles = found.slice(0, limit)
    return { circles, next: found.length > limit ? (circles.at(-1)?.name ?? null) : null }
  }),
  writes('circles.create', async (context, { name: wanted }) => {
    const { tx, audit } = context
    await lockRules(tx)
    const circle = { id: randomUUIDv7() as CircleId, name: tidy(wanted) }
    if (!(await putCircle(tx, circle))) throw new AppError('name_taken', 'name')
    audit.record(context, { action: 'relationship.circle', detail: { circle: circle.id, name: circle.name } })
    return { ...circle, members: 0 }
  }),
  writes('circles.rename', async (context, { circle: id, name: wanted }) => {
    const { tx, audit } = context
    await lockRules(tx)
    const circle = await getCircle(tx, id)
    const name = tidy(wanted)
    if (!(await putCircle(tx, { id, name }))) throw new AppError('name_taken', 'name')
    audit.record(context, { action: 'relationship.circle', detail: { circle: id, name, before: circle.name } })
    return { ...circle, name }
  }),
  writes('circles.delete', async (context, { circle: id }) => {
    const { tx, audit } = context
    await lockRules(tx)
    const { name, members } = await getCircle(tx, id)
    const { count, supervising } = await countOfCircle(tx, id)
    await deleteCircle(tx, id)
    audit.record(context, {
      action: 'relationship.circle',
      detail: { circle: id, name, deleted: true, members, relationships: count },
    })
    if (supervising) await supervise(context, 'all')
    return { relationships: count }
  }),
  reads('circles.members', async ({ db }, { circle: id, prefix = '', after = '', limit = 50 }) => {
    await getCircle(db, id)
    const among = await peopleInCircles(db, [id])
    const found = await listPeople(db, { prefix: prefix.trim(), after, limit: limit + 1, among })
    const members = found.slice(0, limit).map(({ id: person, name, displayName }) => ({ person, name, displayName }))
    return { members, count: among.length, next: found.length > limit ? (members.at(-1)?.name ?? null) : null }
  }),
  writes('circles.setMembers', async (context, { circle: id, add, remove }) => {
    const { tx, audit } = context
    await lockRules(tx)
    await getCircle(tx, id)
    const added = distinct(add).filter((person) => !remove.includes(person))
    if ((await findPeople(tx, added)).length < added.length) throw new AppError('not_found', 'person')
    const removed = distinct(remove)
    await changeMembers(tx, id, added, removed)
    audit.record(context, { action: 'relationship.circle', detail: { circle: id, added, removed } })
    if ((await countOfCircle(tx, id)).supervising) await supervise(context, 'all')
    return getCircle(tx, id)
  }),
]

/** Throws `not_found`. */
async function getCircle(db: Db | Tx, id: CircleId): Promise<Circle> {
  const circle = await findCircle(db, id)
  if (!circle) throw new AppError('not_found', 'circle')
  return circle
}

function tidy(wanted: string): string {
  const name = wanted.trim()
  if (name === '') throw new AppError('invalid_input', 'name')
  return name
}

const distinct = (people: readonly PersonId[]) => [...new Set(people)]
