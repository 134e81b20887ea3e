import { AppError } from '@sotto/protocol'
import { maxTextBytes } from '@sotto/protocol/pure'

/** Throws `too_large` or `invalid_input` for a text that cannot be sent. */
export function requireText(text: string): void {
  if (!text.isWellFormed()) throw new AppError('invalid_input', 'text is not valid Unicode')
  if (Buffer.byteLength(text) > maxTextBytes) throw new AppError('too_large', 'text')
  if (text.trim() === '') throw new AppError('invalid_input', 'text is empty')
}
