import type { Client } from '@sotto/client'
import type { Person, PersonId } from '@sotto/protocol'
import { shallowRef, triggerRef, watch } from 'vue'
import { useClient } from '#data/client.ts'
import { codeOf } from '#data/use-task.ts'

/** The server takes this many at once. */
const atOnce = 200

/** The profiles of however many people; those who are not there any more are left out. */
export async function getPeople(client: Client, ids: readonly PersonId[]): Promise<readonly Person[]> {
  const found: Person[] = []
  for (let from = 0; from < ids.length; from += atOnce)
    found.push(...(await client.call('audit.people', { people: ids.slice(from, from + atOnce) })).people)
  return found
}

/** The profiles of these people, as they become known. */
export function usePeople(ids: () => readonly (PersonId | null)[]) {
  const client = useClient()
  const known = shallowRef(new Map<PersonId, Person>())
  const asked = new Set<PersonId>()
  watch(
    ids,
    async (wanted) => {
      const missing = [...new Set(wanted)].filter((id): id is PersonId => id !== null && !asked.has(id))
      for (const id of missing) asked.add(id)
      try {
        for (const person of await getPeople(client, missing)) known.value.set(person.id, person)
        triggerRef(known)
      } catch (error) {
        codeOf(error)
        for (const id of missing) asked.delete(id)
      }
    },
    { immediate: true },
  )
  return known
}
