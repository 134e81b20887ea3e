import type { RouteRecordRaw } from 'vue-router'

const meta = { title: 'channels.title', section: 'channels', permission: 'channels.browse' } as const
const components = { list: () => import('./ChannelList.vue') }

export const channelRoutes: RouteRecordRaw[] = [
  {
    path: 'channels',
    components: { ...components, default: () => import('./NothingChosen.vue') },
    meta: { ...meta, pane: 'list' },
  },
  {
    path: 'channels/:channel',
    components: { ...components, default: () => import('./ChannelPreview.vue') },
    meta,
  },
]
