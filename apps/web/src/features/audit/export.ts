import type { AuditRecord, Person, PersonId } from '@sotto/protocol'

const columns = [
  'place',
  'at',
  'action',
  'actor',
  'actor_name',
  'person',
  'person_name',
  'conversation',
  'device',
  'session',
  'detail',
  'hash',
] as const

/** One line per record, with the user names beside the ids. */
export function toCsv(records: readonly AuditRecord[], people: ReadonlyMap<PersonId, Person>): string {
  const nameOf = (id: PersonId | null): string => (id && people.get(id)?.name) || ''
  const lines = records.map((record) =>
    columns.map((column) => {
      switch (column) {
        case 'actor_name':
          return cell(nameOf(record.actor))
        case 'person_name':
          return cell(nameOf(record.person))
        case 'detail':
          return cell(JSON.stringify(record.detail))
        default:
          return cell(String(record[column] ?? ''))
      }
    }),
  )
  return [columns, ...lines].map((line) => `${line.join(',')}\r\n`).join('')
}

// A name or a device that begins like a formula would be run by the program that opens the table.
function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export function toJson(records: readonly AuditRecord[]): string {
  return `${JSON.stringify(records, null, 2)}\n`
}

/** Gives the browser a file to keep. */
export function download(name: string, type: string, content: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
