import type { RouteRecordRaw } from 'vue-router'

const JoinPage = () => import('./JoinPage.vue')

export const invitationRoutes: RouteRecordRaw[] = [
  { path: '/join', component: JoinPage, meta: { title: 'join.go', open: 'signed_out' } },
  {
    path: '/sign-up',
    component: JoinPage,
    props: { open: true },
    meta: { title: 'signIn.signUp', open: 'signed_out' },
  },
]
export const InvitationsPage = () => import('./InvitationsPage.vue')
