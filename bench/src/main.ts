import { cpus } from 'node:os'
import { benchBulk } from './bulk.ts'
import { benchCatchUp } from './catch-up.ts'
import { benchChannel, benchMembers } from './channels.ts'
import { benchFanOut } from './fan-out.ts'
import type { Line } from './harness.ts'
import { benchHistory } from './history.ts'
import { benchMemory } from './memory.ts'
import { benchSends } from './sends.ts'
import { benchSignIns } from './sign-ins.ts'
import { benchStarts } from './starts.ts'

const words = process.argv.slice(2)
const isQuick = words.includes('--quick')
const wanted = words.filter((word) => !word.startsWith('--'))
const seconds = isQuick ? 4 : 15

/** Each measures us and what we are compared to in the same run. */
const parts: Readonly<Record<string, () => Promise<Line[]>>> = {
  starts: () => benchStarts(isQuick ? 3 : 7),
  'sign-ins': () => benchSignIns(isQuick ? 50 : 300),
  sends: () => benchSends(seconds),
  'fan-out': () => benchFanOut(seconds),
  memory: () => benchMemory(isQuick ? 2_000 : 8_000),
  'catch-up': () => benchCatchUp(isQuick ? 3 : 7),
  channel: () => benchChannel(isQuick ? 500 : 2_000, seconds),
  members: () => benchMembers(isQuick ? 2_000 : 10_000),
  bulk: () => benchBulk(isQuick ? 200 : 1_000),
  history: () => benchHistory(isQuick ? 100_000 : 1_000_000),
}

for (const name of wanted)
  if (!(name in parts)) throw new Error(`no such part: ${name}; there are ${Object.keys(parts).join(', ')}`)
process.stdout.write(`${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}\n\n`)
for (const [name, run] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  for (const { what, ours, compared, goal, met } of await run())
    process.stdout.write(
      `${met ? 'met   ' : 'MISSED'}  ${what}: ${ours}\n        compared to: ${compared}\n        goal: ${goal}\n`,
    )
}
process.exit(0)
