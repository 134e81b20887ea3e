export const ChannelsPage = () => import('./ChannelsPage.vue')
