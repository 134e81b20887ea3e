import type { RouteRecordRaw } from 'vue-router'
import { type AdminPath, adminPlaces } from './places.ts'

const list = () => import('./AdminMenu.vue')

/** What stands under "Admin": the menu beside each of the pages, which come from the capabilities they are about. */
export function adminRoutes(pages: Readonly<Record<AdminPath, () => Promise<unknown>>>): RouteRecordRaw[] {
  return [
    {
      path: 'admin',
      components: { list, default: () => import('./NothingChosen.vue') },
      meta: { title: 'admin.title', section: 'admin', pane: 'list' },
    },
    ...adminPlaces.map(
      ({ path, title, permission }): RouteRecordRaw => ({
        path: `admin/${path}`,
        components: { list, default: pages[path] as () => Promise<never> },
        meta: { title, section: 'admin', permission },
      }),
    ),
  ]
}
