import { type Line, makePeople, percentile, startSotto, withFolder } from './harness.ts'

/** Sign-ins with a wrong password and with a name that nobody has, by turns: what a stranger could tell the two apart by. */
export async function benchSignIns(rounds: number): Promise<Line[]> {
  return withFolder(async (folder) => {
    const sotto = await startSotto(folder)
    await makePeople(sotto, 1)
    const attempt = async (name: string): Promise<number> => {
      const began = performance.now()
      const response = await fetch(`${sotto.url}/api/v1/sessions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name, password: 'a guess', device: 'bench', keep: 'token' }),
      })
      await response.arrayBuffer()
      if (response.status !== 401) throw new Error(`a sign-in that must fail was answered with ${response.status}`)
      return performance.now() - began
    }
    await attempt('p0')
    const wrong: number[] = []
    const unknown: number[] = []
    for (let round = 0; round < rounds; round++) {
      // Each is first in every other round.
      if (round % 2 === 0) wrong.push(await attempt('p0'))
      unknown.push(await attempt('q0'))
      if (round % 2 === 1) wrong.push(await attempt('p0'))
    }
    await sotto.stop()
    const [known, nobody] = [percentile(wrong, 0.5), percentile(unknown, 0.5)]
    const difference = Math.abs(known - nobody)
    return [
      {
        what: 'sign-in with a wrong password',
        ours: `${known.toFixed(1)} ms`,
        compared: `median of ${rounds}; a name that nobody has takes ${nobody.toFixed(1)} ms`,
        goal: 'less than 2 % or 1 ms apart',
        met: difference < 1 || difference / known < 0.02,
      },
    ]
  })
}
