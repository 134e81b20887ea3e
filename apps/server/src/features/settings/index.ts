import type { PersonId, Settings } from '@sotto/protocol'
import { defaultSettings } from '@sotto/protocol/pure'
import type { Db, Tx } from '#platform/database'
import { type Feature, type Platform, writes } from '#platform/feature'

const key = 'settings'

export const settings: Feature = {
  name: 'settings',
  commands: [
    writes('settings.update', async ({ tx, after, board, actor, ...platform }, change) => {
      const value = { ...(await getSettings({ ...platform, board }, tx, actor.person)), ...change }
      await board.put(tx, after, actor.person, [{ key, value }])
      return value
    }),
  ],
}

/** A person’s settings, with the defaults for what they never chose. */
export async function getSettings(
  { board }: Pick<Platform, 'board'>,
  db: Db | Tx,
  person: PersonId,
): Promise<Settings> {
  return { ...defaultSettings, ...((await board.find(db, person, key)) as Partial<Settings> | undefined) }
}
