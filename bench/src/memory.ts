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

/** Bytes that an idle, signed-in connection holds; against one that a bare ws server holds open. */
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
  const ratio = ours.held / bare.held
  const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(1)} kB`
  return [
    {
      what: `memory per idle connection, over ${connections}`,
      ours: `${kilobytes(ours.held)} (${kilobytes(ours.afterRush)} right after they came)`,
      compared: `${ratio.toFixed(2)} × bare ws: ${kilobytes(bare.held)} (${kilobytes(bare.afterRush)})`,
      goal: '≤ 1.3 ×',
      met: ratio <= 1.3,
    },
  ]
}

/** Several addresses of this machine: one has too few ports. */
function from(index: number) {
  return { localAddress: `127.0.0.${2 + (index % 8)}` }
}

interface Held {
  /** Resident bytes that one more connection adds once the collector has given back all that nobody uses. */
  readonly held: number
  /** The same right after the rush in which they came: the pages that V8 keeps for the next one are counted too. */
  readonly afterRush: number
}

async function measure(program: Program, count: number, open: (index: number) => Promise<void>): Promise<Held> {
  // What the first connections load and warm up is not theirs.
  for (let index = 0; index < 500; index++) await open(index)
  const before = await settled(program)
  const at = 100
  for (let index = 0; index < count; index += at)
    await Promise.all(Array.from({ length: at }, (_, offset) => open(index + offset)))
  const afterRush = ((await program.memory()) - before) / count
  return { afterRush, held: ((await settled(program)) - before) / count }
}

async function settled(program: Program): Promise<number> {
  for (let round = 0; round < 3; round++) {
    process.kill(program.pid, 'SIGUSR2')
    await sleep(700)
  }
  return program.memory()
}
