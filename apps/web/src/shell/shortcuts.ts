export type Shortcut = 'find' | 'sheet' | 'previous' | 'next' | 'previousUnread' | 'nextUnread'

/** What a key press asks of the whole app, or null. Letters without Ctrl or Cmd never act while somebody types. */
export function shortcutOf(event: KeyboardEvent): Shortcut | null {
  if (event.isComposing || event.defaultPrevented) return null
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k')
    return 'find'
  if (event.altKey && !event.ctrlKey && !event.metaKey) {
    if (event.key === 'ArrowUp') return event.shiftKey ? 'previousUnread' : 'previous'
    if (event.key === 'ArrowDown') return event.shiftKey ? 'nextUnread' : 'next'
  }
  const types = event.target instanceof Element && event.target.closest('input, textarea, select, [contenteditable]')
  return event.key === '?' && !event.ctrlKey && !event.metaKey && !types ? 'sheet' : null
}
