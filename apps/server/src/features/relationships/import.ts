import { randomUUIDv7 } from 'node:crypto'
import {
  AppError,
  type CircleId,
  type ImportFault,
  type ImportFaultCode,
  type Input,
  isDay,
  maxImportLines,
  type PersonId,
  type RelationshipId,
  type Reply,
} from '@sotto/protocol'
import { peopleByName } from '#features/people'
import type { Tx } from '#platform/database'
import type { WriteContext } from '#platform/feature'
import { parseLines, type SourceLine } from './csv.ts'
import { compareRelationships, findCirclesByName, listKinds, putRelationships, type RelationshipRow } from './store.ts'
import { lockRules, supervise } from './supervision.ts'

const shownFaults = 1_000
const circlePrefix = 'circle:'

/** All of a file or nothing. The same file twice changes nothing the second time. */
export async function importFile(
  context: WriteContext<'signed_in'>,
  { csv, apply }: Input<'relationships.import'>,
): Promise<Reply<'relationships.import'>> {
  const { tx, audit } = context
  const { lines, faults } = parseLines(csv)
  if (lines.length > maxImportLines) throw new AppError('too_large', 'lines')
  if (apply) await lockRules(tx)
  const read = await readLines(tx, lines)
  faults.push(...read.faults)
  faults.sort((one, other) => one.line - other.line)
  const counts = await compareRelationships(tx, read.rows)
  const applied = apply && faults.length === 0
  if (applied) {
    if (counts.added + counts.changed > 0) await putRelationships(tx, read.rows)
    audit.record(context, { action: 'relationship.imported', detail: { lines: lines.length, ...counts } })
    if (counts.added + counts.changed > 0 && read.supervising) await supervise(context, 'all')
  }
  return { applied, ...counts, faults: faults.slice(0, shownFaults), faultCount: faults.length }
}

/** Every name is looked up once, all of a sort in one query. */
async function readLines(tx: Tx, lines: readonly SourceLine[]) {
  const sides = lines.flatMap(({ from, to }) => [from, to])
  const [circleNames, userNames] = [sides.filter(isCircle).map(circleName), sides.filter((side) => !isCircle(side))]
  const people = new Map((await peopleByName(tx, distinct(userNames.map(fold)))).map(({ id, name }) => [name, id]))
  const circles = new Map((await findCirclesByName(tx, distinct(circleNames))).map(({ id, name }) => [fold(name), id]))
  const kinds = new Map((await listKinds(tx)).map((kind) => [kind.id, kind]))
  const rows = new Map<string, RelationshipRow>()
  const faults: ImportFault[] = []

  for (const line of lines) {
    const before = faults.length
    const fail = (fault: ImportFaultCode, column: keyof SourceLine | '', value = '') =>
      void faults.push({ line: line.line, fault, column, value: value.slice(0, 100) })
    const party = (column: 'from' | 'to'): { person: PersonId | null; circle: CircleId | null } => {
      const side = line[column]
      const person = isCircle(side) ? null : (people.get(fold(side)) ?? null)
      const circle = isCircle(side) ? (circles.get(fold(circleName(side))) ?? null) : null
      if (side === '') fail('missing', column)
      else if (!person && !circle) fail(isCircle(side) ? 'unknown_circle' : 'unknown_person', column, side)
      return { person, circle }
    }
    const [from, to] = [party('from'), party('to')]
    if (line.kind === '') fail('missing', 'kind')
    else if (!kinds.has(line.kind)) fail('unknown_kind', 'kind', line.kind)
    for (const column of ['from_date', 'until_date'] as const)
      if (line[column] !== '' && !isDay(line[column])) fail('bad_date', column, line[column])
    if (faults.length > before) continue
    if (from.person !== null && from.person === to.person) fail('oneself', 'to', line.to)
    if (line.from_date !== '' && line.until_date !== '' && line.until_date < line.from_date)
      fail('reversed', 'until_date', line.until_date)
    const key = `${from.person ?? from.circle} ${line.kind} ${to.person ?? to.circle}`
    if (rows.has(key)) fail('twice', '')
    if (faults.length > before) continue
    rows.set(key, {
      id: randomUUIDv7() as RelationshipId,
      from_person: from.person,
      from_circle: from.circle,
      kind: line.kind,
      to_person: to.person,
      to_circle: to.circle,
      from_date: line.from_date || null,
      until_date: line.until_date || null,
    })
  }
  const supervising = [...rows.values()].some((row) => kinds.get(row.kind)?.supervises)
  return { rows: [...rows.values()], faults, supervising }
}

const isCircle = (side: string) => side.toLowerCase().startsWith(circlePrefix)
const circleName = (side: string) => side.slice(circlePrefix.length).trim()
const fold = (name: string) => name.toLowerCase()
const distinct = (names: readonly string[]) => [...new Set(names)]
