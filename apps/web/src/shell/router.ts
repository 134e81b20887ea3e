import type { Me } from '@sotto/client'
import type { Permission } from '@sotto/protocol'
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { lastPlace, rememberNext, rememberPlace } from '#data/places.ts'
import { adminRoutes } from '#routes/admin'
import { AuditPage } from '#routes/audit'
import { BulkPage, BulkProgressPage } from '#routes/bulk'
import { ChannelsPage } from '#routes/channel-admin'
import { channelRoutes } from '#routes/channels'
import { conversationRoutes } from '#routes/conversations'
import { HealthPage } from '#routes/health'
import { instanceRoutes, OrganisationPage } from '#routes/instance'
import { InvitationsPage, invitationRoutes } from '#routes/invitations'
import { PeopleAdminPage, peopleRoutes } from '#routes/people'
import { RelationshipsPage } from '#routes/relationships'
import { ReportsPage } from '#routes/reports'
import { RolesPage } from '#routes/roles'
import { DevicesPage, resetRoute, signInRoute } from '#routes/sessions'
import { youRoutes } from '#routes/settings'
import type { WordKey } from '#words/t.ts'

declare module 'vue-router' {
  interface RouteMeta {
    title?: WordKey
    /** Which place of the rail it belongs to. */
    section?: 'threads' | 'channels' | 'people' | 'admin' | 'you'
    /** On a phone one pane is shown: the list here, the other one elsewhere. */
    pane?: 'list'
    /** For those who are not signed in; others are sent on. */
    open?: 'signed_out'
    /** What one must be permitted to see it. */
    permission?: Permission
  }
}

const routes: RouteRecordRaw[] = [
  {
    path: '/',
    component: () => import('./AppFrame.vue'),
    children: [
      ...conversationRoutes,
      ...channelRoutes,
      ...peopleRoutes,
      ...adminRoutes({
        people: PeopleAdminPage,
        invitations: InvitationsPage,
        roles: RolesPage,
        channels: ChannelsPage,
        reports: ReportsPage,
        relationships: RelationshipsPage,
        organisation: OrganisationPage,
        audit: AuditPage,
        health: HealthPage,
      }),
      ...youRoutes([
        { path: 'devices', title: 'devices.title', page: DevicesPage },
        { path: 'bulk', title: 'bulk.title', page: BulkPage, permission: 'bulk.send' },
        { path: 'bulk/:bulk', title: 'bulk.progress', page: BulkProgressPage, permission: 'bulk.send' },
      ]),
    ],
  },
  signInRoute,
  resetRoute,
  ...invitationRoutes,
  ...instanceRoutes,
  { path: '/:rest(.*)', component: () => import('./NotFound.vue'), meta: { title: 'places.notFound' } },
]

/** `started` resolves once it is known whether somebody is signed in on this device. */
export function makeRouter(started: Promise<unknown>, me: () => Me | null) {
  const router = createRouter({ history: createWebHistory(), routes: routes as RouteRecordRaw[] })
  let first = true

  router.beforeEach(async (to) => {
    const reached = await started.then(
      () => true,
      () => false,
    )
    // The root shows what went wrong in place of any page.
    if (!reached) return false
    const person = me()?.person
    const isFirst = first
    first = false
    if (to.meta.open === 'signed_out') return person ? '/' : true
    if (!person) {
      if (to.path !== '/') rememberNext(to.fullPath)
      return '/sign-in'
    }
    if (to.meta.permission && !me()?.permissions.includes(to.meta.permission)) return '/'
    if (isFirst && to.fullPath === '/') {
      const last = lastPlace()
      if (last?.startsWith('/t/')) {
        // Into the thread one was reading. The list comes first, so that "back" leads to it.
        void router.isReady().then(() => router.push(last))
      }
    }
    return true
  })
  router.afterEach((to) => {
    if (to.meta.section) rememberPlace(to.path.replace(/\/details$/, ''))
  })
  return router
}
