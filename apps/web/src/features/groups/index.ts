import { defineAsyncComponent } from 'vue'

/** Loaded when somebody makes a group. */
export const NewGroupDialog = defineAsyncComponent(() => import('./NewGroupDialog.vue'))
