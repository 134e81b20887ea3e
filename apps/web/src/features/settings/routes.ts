import type { Permission } from '@sotto/protocol'
import type { RouteRecordRaw } from 'vue-router'
import type { WordKey } from '#words/t.ts'

const list = () => import('./SettingsMenu.vue')

/** What stands under "You": the menu beside each of the pages. Pages of other capabilities come in as they are. */
export function youRoutes(
  pages: readonly {
    readonly path: string
    readonly title: WordKey
    readonly page: () => Promise<unknown>
    readonly permission?: Permission
  }[],
): RouteRecordRaw[] {
  const own: typeof pages = [
    { path: 'profile', title: 'profile.title', page: () => import('./ProfilePage.vue') },
    { path: 'preferences', title: 'preferences.title', page: () => import('./PreferencesPage.vue') },
    { path: 'password', title: 'password.title', page: () => import('./PasswordPage.vue') },
  ]
  return [
    {
      path: 'you',
      components: { list, default: () => import('./ProfilePage.vue') },
      meta: { title: 'you.title', section: 'you', pane: 'list' },
    },
    ...[...own, ...pages].map(
      ({ path, title, page, permission }): RouteRecordRaw => ({
        path: `you/${path}`,
        components: { list, default: page as () => Promise<never> },
        meta: { title, section: 'you', ...(permission && { permission }) },
      }),
    ),
  ]
}
