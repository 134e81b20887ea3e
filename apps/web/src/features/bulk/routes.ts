export const BulkPage = () => import('./BulkPage.vue')
export const BulkProgressPage = () => import('./BulkProgressPage.vue')
