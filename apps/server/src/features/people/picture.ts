import { AppError, type Person, type PersonId } from '@sotto/protocol'
import { transact } from '#platform/database'
import type { Actor, Platform } from '#platform/feature'
import { makeSquare } from '#platform/pictures'
import { announcePerson } from './announce.ts'
import { findPeople, updatePerson } from './store.ts'

/** Shows a picture to everyone. */
export async function setPicture(platform: Platform, actor: Actor, bytes: Buffer): Promise<Person> {
  const { square, version } = await makeSquare(bytes)
  await platform.blobs.put(blobName(actor.person, version), square)
  return replacePicture(platform, actor.person, version)
}

export async function removePicture(platform: Platform, actor: Actor): Promise<Person> {
  return replacePicture(platform, actor.person, null)
}

async function replacePicture(platform: Platform, id: PersonId, version: string | null): Promise<Person> {
  const [before] = await findPeople(platform.db, [id])
  const person = await transact(platform.db, (tx) => updatePerson(tx, id, { picture: version }))
  if (!person) throw new AppError('not_found', 'person')
  if (before?.picture && before.picture !== version) await platform.blobs.remove(blobName(id, before.picture))
  await announcePerson(platform, person)
  return person
}

export async function findPicture(
  platform: Platform,
  id: PersonId,
): Promise<{ bytes: Buffer; version: string } | undefined> {
  const [person] = await findPeople(platform.db, [id])
  if (!person?.picture) return undefined
  const bytes = await platform.blobs.find(blobName(id, person.picture))
  return bytes && { bytes, version: person.picture }
}

function blobName(person: PersonId, version: string): string {
  return `picture-${person}-${version}`
}
