import { AppError, bulkFields, type Person } from '@sotto/protocol'

const field = /\{([^{}\s]*)\}/g

/** Throws `invalid_input` about a field that there is not. */
export function requireFields(text: string): void {
  for (const [, name = ''] of text.matchAll(field))
    if (!Object.hasOwn(bulkFields, name)) throw new AppError('invalid_input', `field ${name.slice(0, 40)}`)
}

/** The text as one person reads it. What stands in somebody’s name is no field. */
export function fillIn(text: string, { displayName }: Pick<Person, 'displayName'>): string {
  const values: Record<string, string> = {
    name: displayName,
    firstName: displayName.trim().split(/\s+/)[0] ?? displayName,
  }
  return text.replaceAll(field, (_, name: string) => values[name] ?? '')
}
