import type { RouteRecordRaw } from 'vue-router'

export const signInRoute: RouteRecordRaw = {
  path: '/sign-in',
  component: () => import('./SignInPage.vue'),
  meta: { title: 'signIn.title', open: 'signed_out' },
}
export const resetRoute: RouteRecordRaw = {
  path: '/reset',
  component: () => import('./ResetPage.vue'),
  meta: { title: 'reset.title', open: 'signed_out' },
}
export const DevicesPage = () => import('./DevicesPage.vue')
