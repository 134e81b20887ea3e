import type { Settings } from '@sotto/protocol'

/**
 * Whether a key press in a text field means "send". Never while an input method composes (229 is what some browsers give instead of
 * `isComposing`). Without a keyboard there is no Shift+Enter, so there Enter alone makes a new line.
 */
export function meansSend(
  event: Pick<KeyboardEvent, 'key' | 'isComposing' | 'keyCode' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>,
  sendWith: Settings['sendWith'],
  touchOnly: boolean,
): boolean {
  if (event.key !== 'Enter' || event.isComposing || event.keyCode === 229 || event.shiftKey || event.altKey)
    return false
  if (event.ctrlKey || event.metaKey) return true
  return sendWith === 'enter' && !touchOnly
}

export function isTouchOnly(): boolean {
  return matchMedia('(pointer: coarse)').matches && !matchMedia('(any-pointer: fine)').matches
}
