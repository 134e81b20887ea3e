import { AppError, type ConversationId, type Details, type Permission } from '@sotto/protocol'
import { type AfterCommit, type Tx, transact } from '#platform/database'
import type { Actor, Platform } from '#platform/feature'
import { makeSquare } from '#platform/pictures'
import { requireMay } from './rights.ts'

type Asking = Platform & { readonly actor: Actor; readonly permissions: readonly Permission[] }

/** Gives a group or channel a picture. Kept sealed with the key of the conversation, and gone with it. */
export async function setPicture(context: Asking, conversation: ConversationId, bytes: Buffer): Promise<Details> {
  // Before the work: whoever may not change it gets no picture made.
  await transact(context.db, (tx, after) => requireMayChange({ ...context, tx, after }, conversation))
  const { square, version } = await makeSquare(bytes)
  const name = blobName(conversation, version)
  await context.blobs.put(name, await context.sealing.seal(conversation, name, square))
  return transact(context.db, (tx, after) => changePicture({ ...context, tx, after }, conversation, version))
}

export async function changePicture(
  context: Asking & { tx: Tx; after: AfterCommit },
  conversation: ConversationId,
  version: string | null,
): Promise<Details> {
  const { tx, after, log, actor } = context
  const { details } = await requireMayChange(context, conversation)
  if (details.picture === version) return details
  context.audit.record(context, {
    action: 'conversation.changed',
    conversation,
    detail: { change: { picture: version } },
  })
  const changed = await log.change(tx, after, conversation, { picture: version }, actor)
  removePicture(context, conversation, details)
  return changed
}

/** Its picture goes when the transaction has committed. */
export function removePicture(
  { blobs, logger, after }: Platform & { after: AfterCommit },
  conversation: ConversationId,
  { picture }: Details,
): void {
  if (picture === null) return
  after(() => {
    blobs.remove(blobName(conversation, picture)).catch((error) => {
      logger.warn({ err: error, conversation }, 'a picture that is no longer shown could not be removed')
    })
  })
}

/** Undefined also where the actor may not know of the conversation: they are not in it and could not look at it before joining. */
export async function findPicture(
  { db, log, blobs, sealing, actor, permissions }: Asking,
  conversation: ConversationId,
): Promise<{ bytes: Buffer; version: string } | undefined> {
  const found = await log.findConversation(db, conversation)
  if (!found?.details.picture) return undefined
  const mayLook =
    found.kind === 'channel' &&
    (permissions.includes('channels.manage') || (found.details.listed && permissions.includes('channels.browse')))
  if (!mayLook && !(await log.findSeat(conversation, actor.person))) return undefined
  const name = blobName(conversation, found.details.picture)
  const sealed = await blobs.find(name)
  return sealed && { bytes: await sealing.open(conversation, name, sealed), version: found.details.picture }
}

async function requireMayChange(context: Asking & { tx: Tx; after: AfterCommit }, conversation: ConversationId) {
  const found = await requireMay(context, conversation, 'change')
  if (found.kind === 'thread') throw new AppError('invalid_input', 'conversation')
  return found
}

function blobName(conversation: ConversationId, version: string): string {
  return `conversation-${conversation}-${version}`
}
