import type { Line } from './harness.ts'
import { benchSends } from './sends.ts'

const quick = process.argv.includes('--quick')
const seconds = quick ? 4 : 15
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'))

const parts: Record<string, () => Promise<Line[]>> = {
  sends: () => benchSends(seconds),
}

for (const [name, run] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  for (const { what, ours, compared, goal, met } of await run())
    process.stdout.write(
      `${what}: ${ours}; ${compared}; goal ${goal}${met === undefined ? '' : met ? ', met' : ', MISSED'}\n`,
    )
}
process.exit(0)
