import { test } from 'vitest'
import { patience, prepare, run, trials } from './trials.ts'

test(`a device dies ${trials} times in the middle of sending, and goes on from its disk`, patience, async () => {
  const { stage } = await prepare()
  await run(stage, async ([alice, bob]) => {
    await Promise.all([alice.crash(), bob.crash()])
  })
})
