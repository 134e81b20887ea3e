import { type Feature, writes } from '#platform/feature'

export const drafts: Feature = {
  name: 'drafts',
  commands: [
    writes('drafts.set', async ({ tx, after, board, clock, actor }, { conversation, text }) => {
      const at = clock.now().toISOString()
      const value = text ? { conversation, text: text.toWellFormed(), at } : null
      await board.put(tx, after, actor.person, [{ key: `draft/${conversation}`, value }])
      return { at }
    }),
  ],
}
