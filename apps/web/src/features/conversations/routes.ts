import type { RouteRecordRaw } from 'vue-router'

const ConversationList = () => import('./ConversationList.vue')
const ConversationPage = () => import('./ConversationPage.vue')

export const conversationRoutes: RouteRecordRaw[] = [
  {
    path: '',
    name: 'threads',
    components: { list: ConversationList, default: () => import('./NothingOpen.vue') },
    meta: { title: 'list.title', section: 'threads', pane: 'list' },
  },
  {
    path: 'archive',
    components: { list: ConversationList, default: () => import('./NothingOpen.vue') },
    props: { list: { archived: true }, default: false },
    meta: { title: 'list.archiveTitle', section: 'threads', pane: 'list' },
  },
  {
    path: 't/:conversation/:part(details)?',
    components: { list: ConversationList, default: ConversationPage },
    meta: { title: 'list.title', section: 'threads' },
  },
  {
    path: 'join-conversation/:conversation',
    components: { list: ConversationList, default: () => import('./JoinConversation.vue') },
    meta: { title: 'joinMany.title', section: 'threads' },
  },
  {
    path: 'new/:person',
    components: { list: ConversationList, default: ConversationPage },
    meta: { title: 'list.title', section: 'threads' },
  },
]
