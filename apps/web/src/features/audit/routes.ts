export const AuditPage = () => import('./AuditPage.vue')
