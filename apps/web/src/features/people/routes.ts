import type { RouteRecordRaw } from 'vue-router'

export const peopleRoutes: RouteRecordRaw[] = [
  {
    path: 'people',
    component: () => import('./DirectoryPage.vue'),
    meta: { title: 'directory.title', section: 'people' },
  },
]
export const PeopleAdminPage = () => import('./PeopleAdminPage.vue')
