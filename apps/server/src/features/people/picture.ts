import { createHash } from 'node:crypto'
import { AppError, type Person, type PersonId } from '@sotto/protocol'
import sharp from 'sharp'
import { transact } from '#platform/database'
import type { Actor, Platform } from '#platform/feature'
import { announcePerson } from './announce.ts'
import { findPeople, updatePerson } from './store.ts'

// libvips keeps caches and threads for batches; one picture now and then needs neither.
sharp.cache(false)
sharp.concurrency(1)

const size = 256
/** Fifty megapixels: larger than any camera’s portrait, smaller than a decompression bomb. */
const maxPixels = 50_000_000
/** What browsers upload as pictures. SVG is a document with scripts, not a picture. */
const accepted = new Set(['jpeg', 'png', 'webp', 'gif', 'heif', 'avif'])

/** Makes a square of any picture, upright and without the data a camera adds, and shows it to everyone. */
export async function setPicture(platform: Platform, actor: Actor, bytes: Buffer): Promise<Person> {
  const square = await toSquare(bytes)
  const version = createHash('sha256').update(square).digest('hex').slice(0, 16)
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

async function toSquare(bytes: Buffer): Promise<Buffer> {
  try {
    const picture = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'error' })
    const { format } = await picture.metadata()
    if (!accepted.has(format ?? '')) throw new AppError('unsupported', 'picture')
    return await picture.rotate().resize(size, size, { fit: 'cover' }).webp({ quality: 82 }).toBuffer()
  } catch (error) {
    throw error instanceof AppError ? error : new AppError('invalid_input', 'picture')
  }
}
