export const RelationshipsPage = () => import('./RelationshipsPage.vue')
