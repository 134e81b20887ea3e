import { test } from 'vitest'
import { patience, prepare, run, trials } from './trials.ts'

test(
  `the server is killed ${trials} times while two people write: nothing is lost, doubled, disordered or missing`,
  patience,
  async () => {
    const { product, stage } = await prepare()
    await run(stage, async () => {
      await product.kill()
      await product.restart()
    })
  },
)
