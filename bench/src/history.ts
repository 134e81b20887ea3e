import { fillLog } from './fill.ts'
import { connect, type Line, makePeople, makeThread, percentile, startSotto, withFolder } from './harness.ts'

const pages = 2_000
const pageSize = 50

/** Pages of fifty at random depths of a long conversation, one after the other, over a connection; against the first page. */
export async function benchHistory(entries: number): Promise<Line[]> {
  return withFolder(async (folder) => {
    const sotto = await startSotto(folder)
    const [one, other] = await makePeople(sotto, 2)
    if (!one || !other) throw new Error('too few people')
    const conversation = await makeThread(sotto, one, other)
    await fillLog(folder, conversation, one.id, entries)
    const socket = await connect(sotto.url, other.token)
    const page = async (before: number) => {
      const began = performance.now()
      const answer = await socket.ask({ type: 'messages.page', conversation, before, limit: pageSize })
      if (!answer.includes('"ack"')) throw new Error(answer)
      return performance.now() - began
    }
    const random = () => Math.floor(Math.random() * (entries - pageSize)) + pageSize + 1
    for (let index = 0; index < 200; index++) await page(random())
    const times: number[] = []
    const newest: number[] = []
    for (let index = 0; index < pages; index++) {
      times.push(await page(random()))
      newest.push(await page(entries + 1))
    }
    await sotto.stop()
    const p99 = percentile(times, 0.99)
    return [
      {
        what: `a page of ${pageSize} at a random depth of ${entries} entries`,
        ours: `p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
        compared: `the newest page: p50 ${percentile(newest, 0.5).toFixed(1)} ms, p99 ${percentile(newest, 0.99).toFixed(1)} ms`,
        goal: 'p99 ≤ 10 ms',
        met: p99 <= 10,
      },
    ]
  })
}
