import { test } from 'vitest'
import { patience, prepare, run, trials } from './trials.ts'

test(`PostgreSQL is killed ${trials} times while two people write`, patience, async () => {
  const { product, stage } = await prepare()
  await run(stage, () => product.killPostgres())
})
