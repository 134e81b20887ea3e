export const RolesPage = () => import('./RolesPage.vue')
