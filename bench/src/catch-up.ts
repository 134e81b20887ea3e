import { createClient, createMemoryStore, MemoryDisk } from '@sotto/client'
import { sendMany } from './fill.ts'
import {
  type BenchSocket,
  connect,
  type Line,
  makePeople,
  makeThread,
  percentile,
  startSotto,
  withFolder,
} from './harness.ts'

const conversations = 50
const missed = 10_000

/** A device that was away comes back: from the start of the connection until it holds every entry, with the SDK as programs use it. */
export async function benchCatchUp(rounds: number): Promise<Line[]> {
  return withFolder(async (folder) => {
    const sotto = await startSotto(folder)
    const people = await makePeople(sotto, conversations + 1)
    const [reader, ...writers] = people
    if (!reader) throw new Error('too few people')
    const threads: { conversation: string; socket: BenchSocket }[] = []
    for (const writer of writers)
      threads.push({
        conversation: await makeThread(sotto, writer, reader),
        socket: await connect(sotto.url, writer.token),
      })

    const times: number[] = []
    const disk = new MemoryDisk()
    const first = createClient({ url: sotto.url, store: createMemoryStore(disk) })
    await first.signIn({ name: 'p0', password: 'correct horse' })
    await online(first)
    await first.close()
    for (let round = 0; round < rounds; round++) {
      await Promise.all(
        threads.map(({ socket, conversation }) => sendMany(socket, conversation, missed / conversations)),
      )
      const client = createClient({ url: sotto.url, store: createMemoryStore(disk) })
      const began = performance.now()
      await client.resume()
      await online(client)
      times.push(performance.now() - began)
      await client.close()
    }
    await sotto.stop()
    const median = percentile(times, 0.5)
    return [
      {
        what: `catch-up of ${missed} messages in ${conversations} conversations`,
        ours: `${median.toFixed(0)} ms`,
        compared: `median of ${rounds}; ${(missed / (median / 1000)).toFixed(0)} entries/s through the SDK into its store`,
        goal: '≤ 400 ms',
        met: median <= 400,
      },
    ]
  })
}

function online(client: ReturnType<typeof createClient>): Promise<void> {
  return new Promise((resolve) => {
    const stop = client.watch('connection', {}, ({ phase }) => {
      if (phase !== 'online') return
      setImmediate(() => stop())
      resolve()
    })
  })
}
