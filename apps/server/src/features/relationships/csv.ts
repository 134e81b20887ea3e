import type { ImportFault } from '@sotto/protocol'
import { type CsvError, parse } from 'csv-parse/sync'

const columns = ['from', 'kind', 'to', 'from_date', 'until_date'] as const
const needed = ['from', 'kind', 'to']
type Column = (typeof columns)[number]

/** One record of the file; empty where a column is. `line` is the one it ends in, counted from 1. */
export type SourceLine = Record<Column, string> & { readonly line: number }

/** The records of a file with their lines, and what cannot be read. */
export function parseLines(csv: string): { lines: SourceLine[]; faults: ImportFault[] } {
  const faults: ImportFault[] = []
  const fail = (line: number, fault: ImportFault['fault']) => faults.push({ line, fault, column: '', value: '' })
  const records = parse(csv, {
    bom: true,
    trim: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error: CsvError | undefined) => {
      fail(Number(error?.lines ?? 1), 'not_csv')
      return undefined
    },
  }) as unknown as { record: string[]; info: { lines: number } }[]
  const [header, ...rest] = records
  const names = header?.record.map((name) => name.toLowerCase()) ?? []
  const isHeader =
    needed.every((name) => names.includes(name)) &&
    names.every((name, index) => columns.includes(name as Column) && names.indexOf(name) === index)
  if (!isHeader) {
    fail(header?.info.lines ?? 1, 'header')
    return { lines: [], faults }
  }
  const lines: SourceLine[] = []
  for (const { record, info } of rest) {
    if (record.every((field) => field === '')) continue
    if (record.length !== names.length) fail(info.lines, 'columns')
    else {
      const at = (column: Column) => record[names.indexOf(column)] ?? ''
      lines.push({
        from: at('from'),
        kind: at('kind'),
        to: at('to'),
        from_date: at('from_date'),
        until_date: at('until_date'),
        line: info.lines,
      })
    }
  }
  return { lines, faults }
}
