import type { ConversationWindow } from '@sotto/client'

export interface NewDivider {
  readonly from: number
  readonly count: number
  readonly exact: boolean
}

/**
 * The line above the first unread message. It is drawn when the conversation opens and stays, whatever is read or reconnected, until
 * the conversation is left. Only while nobody looks may it move: to what came in after everything below it had been read.
 */
export function nextDivider(
  divider: NewDivider | null,
  now: Pick<ConversationWindow, 'firstUnread' | 'read' | 'unread'>,
  reader: { readonly here: boolean; readonly atEnd: boolean; readonly opened: boolean },
): NewDivider | null {
  if (now.firstUnread === null || now.unread.count === 0) return divider
  const fresh = { from: now.firstUnread, count: now.unread.count, exact: now.unread.exact }
  if (!reader.opened) return fresh
  // Whoever sits at the end and looks reads a new message as it comes: it needs no line.
  if (!divider) return reader.here && reader.atEnd ? null : fresh
  const readBelow = now.read >= divider.from + divider.count - 1 && now.firstUnread > divider.from
  return readBelow && !reader.here ? fresh : divider
}
