import type { CircleId, NamedParty, PersonId, Relationship, Supervisor as ShownSupervisor } from '@sotto/protocol'
import { findPeople } from '#features/people'
import type { Db, Tx } from '#platform/database'
import { findCircles, listKinds, type RelationshipRow } from './store.ts'
import type { Supervisor } from './supervision.ts'

/** Relationships as they are shown: with the names of their sides. */
export async function withNames(db: Db | Tx, rows: readonly RelationshipRow[]): Promise<Relationship[]> {
  const known = <Id>(ids: readonly (Id | null)[]) => [...new Set(ids)].filter((id) => id !== null)
  const people = await findPeople(db, known(rows.flatMap((row) => [row.from_person, row.to_person])))
  const circles = await findCircles(db, known(rows.flatMap((row) => [row.from_circle, row.to_circle])))
  const person = new Map(people.map(({ id, name, displayName }) => [id, { person: id, name, displayName }]))
  const circle = new Map(circles.map(({ id, name }) => [id, { circle: id, name }]))
  const side = (personId: PersonId | null, circleId: CircleId | null): NamedParty => {
    const found = personId ? person.get(personId) : circleId ? circle.get(circleId) : undefined
    if (!found) throw new Error('a relationship has no side')
    return found
  }
  return rows.map((row) => ({
    id: row.id,
    from: side(row.from_person, row.from_circle),
    kind: row.kind,
    to: side(row.to_person, row.to_circle),
    fromDate: row.from_date,
    untilDate: row.until_date,
  }))
}

/** Those who read along, as they are shown to the two whom they supervise. */
export async function showSupervisors(db: Db | Tx, supervisors: readonly Supervisor[]): Promise<ShownSupervisor[]> {
  const people = await findPeople(
    db,
    supervisors.map(({ person }) => person),
  )
  const kinds = new Map((await listKinds(db)).map((kind) => [kind.id, kind.name]))
  return people.map(({ id, name, displayName }) => {
    const by = supervisors.find(({ person }) => person === id)?.by ?? []
    const reasons = new Map(by.map((row) => [`${row.kind} ${row.of}`, row]))
    return {
      person: id,
      name,
      displayName,
      by: [...reasons.values()].map((row) => ({ kind: row.kind, name: kinds.get(row.kind) ?? '', of: row.of })),
    }
  })
}
