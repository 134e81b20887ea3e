import { test } from 'vitest'
import { patience, prepare, run, trials } from './trials.ts'

test(`server and PostgreSQL are killed together ${trials} times while two people write`, patience, async () => {
  const { product, stage } = await prepare()
  await run(stage, async () => {
    await product.killPostgres()
    await product.kill()
    await product.restart()
  })
})
