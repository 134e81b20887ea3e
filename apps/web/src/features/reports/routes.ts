export const ReportsPage = () => import('./ReportsPage.vue')
