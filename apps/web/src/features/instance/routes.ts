import type { RouteRecordRaw } from 'vue-router'

export const instanceRoutes: RouteRecordRaw[] = [
  { path: '/setup', component: () => import('./SetupPage.vue'), meta: { title: 'setup.title', open: 'signed_out' } },
  { path: '/welcome', component: () => import('./WelcomePage.vue'), meta: { title: 'welcome.title' } },
]
export const OrganisationPage = () => import('./OrganisationPage.vue')
