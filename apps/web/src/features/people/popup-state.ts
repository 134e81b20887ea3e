import type { Person } from '@sotto/protocol'
import { shallowRef } from 'vue'

/** The one small pop-up about a person: whom it is about and what it hangs on. */
export const popup = shallowRef<{ readonly person: Person; readonly anchor: HTMLElement } | null>(null)

export function openPopup(person: Person, anchor: HTMLElement): void {
  popup.value = popup.value?.anchor === anchor ? null : { person, anchor }
}
