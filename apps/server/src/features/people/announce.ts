import type { Permission, Person, PersonId } from '@sotto/protocol'
import type { Bus } from '#platform/bus'
import type { AfterCommit } from '#platform/database'
import type { Platform } from '#platform/feature'

/** Beyond this many companions the others learn of a new name when they next ask. */
const maxTold = 1_000

/** Shows a changed profile to the person’s own devices and to those they share conversations with. A hint: nobody depends on it. */
export async function announcePerson({ db, log, bus }: Platform, person: Person): Promise<void> {
  const frame = JSON.stringify({ type: 'person', person })
  for (const companion of [person.id, ...(await log.companions(db, person.id, maxTold))])
    bus.publish({ kind: 'frame', audience: `p:${companion}`, frame, mayDrop: true })
}

/** Tells people’s devices what they may do now. The rules themselves are read anew at every command. */
export function announcePermissions(
  bus: Bus,
  after: AfterCommit,
  people: readonly PersonId[],
  permissions: readonly Permission[],
): void {
  const frame = JSON.stringify({ type: 'permissions', permissions })
  after(() => {
    for (const person of people) bus.publish({ kind: 'frame', audience: `p:${person}`, frame, mayDrop: false })
  })
}
