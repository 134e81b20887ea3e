import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@sotto/client'
import { test } from 'vitest'
import { startProduct } from '../product.ts'
import { startProxy } from '../proxy.ts'
import { setStage } from './cast.ts'

/** The bytes of a send and what the server answers, with some to spare, so that the last cuts fall behind both. */
const spareBytes = 20

// At the same time: what takes the time is waiting.
test.concurrent.for(['up', 'down'] as const)(
  'the line is cut at every byte of a send and of its acknowledgement: %s',
  { timeout: 1_200_000 },
  async (direction, { expect, onTestFinished }) => {
    const folder = await mkdtemp(join(tmpdir(), 'sotto-cuts-'))
    const product = await startProduct(folder)
    const proxy = await startProxy(product.url)
    const stage = await setStage(product, proxy.url, 150)
    onTestFinished(async () => {
      await stage.close()
      await proxy.close()
      await product.stop()
      await rm(folder, { recursive: true, force: true })
    }, 60_000)
    const [alice] = stage.players

    // How long it is, on a line that holds.
    await sleep(300)
    proxy.take()
    await alice.say('measure')
    await alice.settled()
    const { [direction]: bytes } = proxy.take()
    expect(bytes).toBeGreaterThan(100)

    let trials = 0
    for (let at = 0; at <= bytes + spareBytes; at++) {
      await connected(alice.client)
      proxy.cutAfter(direction, at)
      await alice.say(`${direction} ${at}`)
      await alice.settled()
      // Cuts behind the acknowledgement wait for what comes next on the line.
      await Promise.race([proxy.cut, sleep(50)])
      trials++
    }

    const { faults, messages } = await stage.verdict()
    expect(faults).toEqual([])
    expect(messages).toBe(trials + 2)
    expect(trials).toBe(bytes + spareBytes + 1)
  },
)

function connected(client: Client): Promise<void> {
  return new Promise((resolve) => {
    const stop = client.watch('connection', {}, ({ phase }) => {
      if (phase !== 'online') return
      setImmediate(() => stop())
      resolve()
    })
  })
}
