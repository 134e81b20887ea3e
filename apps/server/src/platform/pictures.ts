import { createHash } from 'node:crypto'
import { AppError } from '@sotto/protocol/pure'
import sharp from 'sharp'

// libvips keeps caches and threads for batches; one picture now and then needs neither.
sharp.cache(false)
sharp.concurrency(1)

const size = 256
/** Fifty megapixels: larger than any camera’s portrait, smaller than a decompression bomb. */
const maxPixels = 50_000_000
/** What browsers upload as pictures. SVG is a document with scripts, not a picture. */
const accepted = new Set(['jpeg', 'png', 'webp', 'gif', 'heif', 'avif'])

/** A small square of any picture, upright and without the data a camera adds, with a version that is another for other bytes. */
export async function makeSquare(bytes: Buffer): Promise<{ square: Buffer; version: string }> {
  try {
    const picture = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'error' })
    const { format } = await picture.metadata()
    if (!accepted.has(format ?? '')) throw new AppError('unsupported', 'picture')
    const square = await picture.rotate().resize(size, size, { fit: 'cover' }).webp({ quality: 82 }).toBuffer()
    return { square, version: createHash('sha256').update(square).digest('hex').slice(0, 16) }
  } catch (error) {
    throw error instanceof AppError ? error : new AppError('invalid_input', 'picture')
  }
}
