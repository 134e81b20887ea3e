import { defineAsyncComponent } from 'vue'

export { default as AccountFields } from './AccountFields.vue'
export { type Account, faultsOf } from './account.ts'
export { default as PasswordField } from './PasswordField.vue'
export { default as PeoplePicker } from './PeoplePicker.vue'
export { default as PersonAvatar } from './PersonAvatar.vue'
export { default as PersonName } from './PersonName.vue'
export { isPassword } from './password.ts'
export { popup } from './popup-state.ts'
export { roleWords, useRoles } from './role-words.ts'
export { default as ShunnedPeople } from './ShunnedPeople.vue'
export { useDirectory } from './use-directory.ts'
export { useShunned } from './use-shunned.ts'
/** The small pop-up to write to a person; loaded when the first name is clicked. */
export const PersonPopup = defineAsyncComponent(() => import('./PersonPopup.vue'))
