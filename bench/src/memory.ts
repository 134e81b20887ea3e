import { join } from 'node:path'
import { WebSocket } from 'ws'
import {
  connect,
  type Line,
  makePeople,
  type Program,
  root,
  sleep,
  startProgram,
  startSotto,
  withFolder,
} from './harness.ts'

/** Resident bytes that an idle, signed-in connection adds; against one that a bare ws server holds open. */
export async function benchMemory(connections: number): Promise<Line[]> {
  const ours = await withFolder(async (folder) => {
    const sotto = await startSotto(folder)
    const people = await makePeople(sotto, 20)
    const perConnection = await measure(sotto, connections, async (index) => {
      await connect(sotto.url, (people[index % people.length] as (typeof people)[number]).token, from(index))
    })
    await sotto.stop()
    return perConnection
  })
  const relay = await startProgram(join(root, 'bench/src/relay.ts'), [], {})
  const bare = await measure(relay, connections, async (index) => {
    const ws = new WebSocket(relay.url.replace('http', 'ws'), { perMessageDeflate: false, ...from(index) })
    await new Promise((resolve) => ws.once('open', resolve))
  })
  await relay.stop()
  const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(1)} kB`
  return [
    {
      what: `memory per idle connection, over ${connections}`,
      ours: kilobytes(ours),
      compared: `${(ours / bare).toFixed(2)} × bare ws (${kilobytes(bare)})`,
      goal: '≤ 1.3 ×',
      met: ours / bare <= 1.3,
    },
  ]
}

/** Several addresses of this machine: one has too few ports. */
function from(index: number) {
  return { localAddress: `127.0.0.${2 + (index % 8)}` }
}

async function measure(program: Program, count: number, open: (index: number) => Promise<void>): Promise<number> {
  // What the first connections load and warm up is not theirs.
  for (let index = 0; index < 500; index++) await open(index)
  const before = await settled(program)
  const at = 100
  for (let index = 0; index < count; index += at)
    await Promise.all(Array.from({ length: at }, (_, offset) => open(index + offset)))
  return ((await settled(program)) - before) / count
}

async function settled(program: Program): Promise<number> {
  for (let round = 0; round < 3; round++) {
    process.kill(program.pid, 'SIGUSR2')
    await sleep(700)
  }
  return program.memory()
}
