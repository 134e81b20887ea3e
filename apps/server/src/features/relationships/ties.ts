import { dayOf, type PersonId, saysTie, type Tie } from '@sotto/protocol'
import type { Db, Tx } from '#platform/database'
import { circlesOf, peopleInCircles, type TieRow, tiesOf } from './store.ts'

/** What binds one person to another, with the relationship each tie comes from. */
export interface BoundTie extends Tie {
  readonly row: TieRow
}

/** What binds a person to another, directly or through circles, whatever its dates. */
export async function tiesBetween(db: Db | Tx, person: PersonId, other: PersonId): Promise<BoundTie[]> {
  const [rows, circles] = [await tiesOf(db, person), await circlesOf(db, [other])]
  const theirs = new Set<string>([other, ...circles.map((circle) => circle.id)])
  return rows.filter((row) => theirs.has(otherSide(row))).map(toTie)
}

/** Everybody whom a person may find (or write to first) because of a relationship; with `among` only of these people. */
export async function reachedBy(
  db: Db | Tx,
  person: PersonId,
  act: 'find' | 'start',
  now: Date,
  among?: readonly PersonId[],
): Promise<PersonId[]> {
  const day = dayOf(now)
  const granting = (await tiesOf(db, person)).filter((row) => saysTie(toTie(row), act, day) === 'grants')
  const reached = new Set(
    await peopleInCircles(
      db,
      granting.flatMap((row) => (row.forward ? row.to_circle : row.from_circle) ?? []),
      among,
    ),
  )
  for (const row of granting) {
    const one = row.forward ? row.to_person : row.from_person
    if (one && (!among || among.includes(one))) reached.add(one)
  }
  reached.delete(person)
  return [...reached]
}

function toTie(row: TieRow): BoundTie {
  const { forward, from_date, until_date, effects } = row
  return { forward, fromDate: from_date, untilDate: until_date, effects, row }
}

function otherSide(row: TieRow): string {
  return (row.forward ? (row.to_person ?? row.to_circle) : (row.from_person ?? row.from_circle)) ?? ''
}
