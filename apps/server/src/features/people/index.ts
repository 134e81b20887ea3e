import { randomUUIDv7 } from 'node:crypto'
import { AppError, type Permission, type Person, type PersonId, type RoleId } from '@sotto/protocol'
import { changeRole, getRole, requireGiving } from '#features/roles'
import type { Db, Tx } from '#platform/database'
import { acts, type Feature, reads, writes } from '#platform/feature'
import { announcePermissions, announcePerson } from './announce.ts'
import { hashPassword, passwordMatches } from './password.ts'
import { removePicture } from './picture.ts'
import {
  findCredentials,
  findPeople,
  insertPerson,
  lockOwners,
  lockPerson,
  peopleWithRole,
  updatePerson,
} from './store.ts'
import { listForManagers, restore } from './suspension.ts'

export { hashPassword } from './password.ts'
export { findPicture, setPicture } from './picture.ts'
export {
  beginReset,
  blockersOf,
  deleteBlock,
  findPeople,
  hasBlocked,
  hiddenFrom,
  insertBlock,
  listPeople,
  peopleByName,
  peopleWithRole,
  useReset,
} from './store.ts'
export { maySignIn, requireBelow, requireNotSuspended, storeSuspension } from './suspension.ts'

export const people: Feature = {
  name: 'people',
  commands: [
    reads('people.me', ({ db, actor }) => getPerson(db, actor.person)),
    writes('people.updateProfile', async (context, change) => {
      if (change.timeZone) requireTimeZone(change.timeZone)
      const displayName = change.displayName === undefined ? {} : { displayName: tidyName(change.displayName) }
      const person = await updatePerson(context.tx, context.actor.person, { ...change, ...displayName })
      if (!person) throw new AppError('not_found', 'person')
      context.after(
        () =>
          void announcePerson(context, person).catch((error) =>
            context.logger.warn({ err: error }, 'a profile was not announced'),
          ),
      )
      return person
    }),
    writes('people.admin', listForManagers),
    writes('people.restore', restore),
    acts('people.removePicture', (context) => removePicture(context, context.actor)),
    writes('people.setRole', async (context, { person: id, role }) => {
      const { tx, after, permissions, audit } = context
      const owners = await lockOwners(tx)
      if (role !== 'owner' && owners.length === 1 && owners[0] === id) throw new AppError('conflict', 'the last owner')
      // Locked: what may be taken from them is judged by the role they have when it is taken.
      const before = await lockPerson(tx, id)
      if (!before) throw new AppError('not_found', 'person')
      requireGiving(permissions, (await getRole(tx, before.role)).permissions)
      const given = await getRole(tx, role)
      requireGiving(permissions, given.permissions)
      const person = await updatePerson(tx, id, { role })
      if (!person) throw new AppError('not_found', 'person')
      audit.record(context, { action: 'person.role', person: id, detail: { before: before.role, role } })
      announcePermissions(context.bus, after, [id], given.permissions)
      after(
        () =>
          void announcePerson(context, person).catch((error) =>
            context.logger.warn({ err: error }, 'a role was not announced'),
          ),
      )
      return person
    }),
    writes('roles.change', async (context, input) => {
      const role = await changeRole(context, input)
      const { id, name, permissions } = role
      context.audit.record(context, {
        action: 'role.changed',
        detail: { role: id, name, before: input.before, permissions },
      })
      announcePermissions(context.bus, context.after, await peopleWithRole(context.tx, role.id), role.permissions)
      return role
    }),
  ],
}

/** Throws `not_found`. */
export async function getPerson(db: Db | Tx, id: PersonId): Promise<Person> {
  const [person] = await findPeople(db, [id])
  if (!person) throw new AppError('not_found', 'person')
  return person
}

/** What a person's role permits; nothing for somebody who does not exist. Read anew each time: a change counts at once. */
export async function permissionsOf(db: Db | Tx, id: PersonId): Promise<readonly Permission[]> {
  const [person] = await findPeople(db, [id])
  return person ? (await getRole(db, person.role)).permissions : []
}

/** Throws `name_taken`. The hash is made before, outside the transaction: see `hashPassword`. */
export async function createPerson(
  tx: Tx,
  input: { name: string; displayName: string; passwordHash: string; role: RoleId; createdAt: Date },
): Promise<Person> {
  const { displayName, ...rest } = input
  const person = await insertPerson(tx, { id: randomUUIDv7() as PersonId, displayName: tidyName(displayName), ...rest })
  if (!person) throw new AppError('name_taken', 'name')
  return person
}

/** The person with this name and password. Throws `wrong_credentials` for an unknown name and a wrong password alike, in the same time. */
export async function requireCredentials(db: Db, name: string, password: string): Promise<PersonId> {
  const found = await findCredentials(db, { name: name.trim().toLowerCase() })
  if (!(await passwordMatches(password, found?.passwordHash)) || !found) throw new AppError('wrong_credentials')
  return found.id
}

/** Throws `wrong_credentials` when `current` is not the person’s password. Returns what stores the new one in a transaction. */
export async function preparePassword(
  db: Db,
  person: PersonId,
  current: string,
  password: string,
): Promise<(tx: Tx) => Promise<void>> {
  const found = await findCredentials(db, { id: person })
  if (!(await passwordMatches(current, found?.passwordHash))) throw new AppError('wrong_credentials', 'current')
  const passwordHash = await hashPassword(password)
  return async (tx) => void (await updatePerson(tx, person, { passwordHash }))
}

/** Throws `invalid_input` about a name of which nothing is to be seen. */
function tidyName(displayName: string): string {
  if (!/[\p{L}\p{N}\p{P}\p{S}]/u.test(displayName)) throw new AppError('invalid_input', 'displayName')
  return displayName.trim()
}

function requireTimeZone(timeZone: string) {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
  } catch {
    throw new AppError('invalid_input', 'timeZone')
  }
}
