import { type Feature, reads } from '#platform/feature'
import { version } from '#platform/version'
import { databaseBytes, roundTrip } from './store.ts'

export const health: Feature = {
  name: 'health',
  commands: [
    reads('health.look', async ({ db, health: { startedAt, samples } }) => ({
      version,
      startedAt: startedAt.toISOString(),
      samples: [...samples()],
      database: { bytes: await databaseBytes(db), roundTripMs: await roundTrip(db) },
    })),
  ],
}
