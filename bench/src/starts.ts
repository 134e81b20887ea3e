import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Line, percentile, root, startProgram, startSotto, withFolder } from './harness.ts'

/** From the start of the process to the printed link: on an empty data folder, and on one that has been used; against an empty Node program. */
export async function benchStarts(rounds: number): Promise<Line[]> {
  const firsts: number[] = []
  const warms: number[] = []
  const empties: number[] = []
  for (let round = 0; round < rounds; round++)
    await withFolder(async (folder) => {
      const data = join(folder, 'data')
      await mkdir(data)
      for (const times of [firsts, warms]) {
        const sotto = await startSotto(data)
        times.push(sotto.startMs)
        await sotto.stop()
      }
      const relay = await startProgram(join(root, 'bench/src/relay.ts'), [], {})
      empties.push(relay.startMs)
      await relay.stop()
    })
  const [first, warm, empty] = [percentile(firsts, 0.5), percentile(warms, 0.5), percentile(empties, 0.5)]
  const compared = `median of ${rounds}; a ws relay without storage starts in ${empty.toFixed(0)} ms`
  return [
    {
      what: 'first start, with a new database',
      ours: `${first.toFixed(0)} ms`,
      compared,
      goal: '≤ 4,000 ms',
      met: first <= 4_000,
    },
    { what: 'warm start', ours: `${warm.toFixed(0)} ms`, compared, goal: '≤ 1,200 ms', met: warm <= 1_200 },
  ]
}
