import type { Row } from '@sotto/client'
import type { PersonId } from '@sotto/protocol'

type MessageRow = Extract<Row, { kind: 'message' }>

/** Messages of others behind a place, oldest first. */
export function newArrivals(rows: readonly Row[], me: PersonId, after: number): MessageRow[] {
  return rows.filter(
    (row): row is MessageRow => row.kind === 'message' && row.sender !== me && row.place !== null && row.place > after,
  )
}
