import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { type Product, startProduct } from '../product.ts'
import { type Player, type Stage, setStage } from './cast.ts'

/** Of each kind. `SOTTO_TRIALS=1000 npm run journeys` for more. */
export const trials = Number(process.env.SOTTO_TRIALS ?? 100)
export const patience = { timeout: 60_000 + trials * 10_000 }

/** A folder that goes with the test. */
export async function takeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sotto-faults-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A product and two people on it, taken down with the test. */
export async function prepare(
  environment: Record<string, string> = {},
  dataFolder?: string,
): Promise<{ product: Product; stage: Stage }> {
  const product = await startProduct(dataFolder ?? (await takeFolder()), environment)
  onTestFinished(() => product.stop(), 60_000)
  const stage = await setStage(product)
  onTestFinished(() => stage.close())
  return { product, stage }
}

/** Both write while `strike` happens somewhere among their messages, at another moment in every trial. */
async function through(
  stage: Stage,
  trial: number,
  strike: (players: readonly [Player, Player]) => Promise<void>,
): Promise<void> {
  const writing = stage.players.map(async (player) => {
    for (let index = 0; index < 6; index++) {
      await player.say(`${player.name} ${trial}.${index}`)
      await sleep(Math.random() * 15)
    }
  })
  await sleep(Math.random() * 80)
  await strike(stage.players)
  await Promise.all(writing)
  await Promise.all(stage.players.map((player) => player.settled()))
}

/** All trials with one kind of strike, and then the verdict. */
export async function run(
  stage: Stage,
  strike: (players: readonly [Player, Player]) => Promise<void>,
  times = trials,
): Promise<void> {
  for (let trial = 0; trial < times; trial++) await through(stage, trial, strike)
  const { faults, messages } = await stage.verdict()
  expect(faults).toEqual([])
  expect(messages).toBe(1 + times * 12)
}
