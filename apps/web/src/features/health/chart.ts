/** The end of an axis: the next of 1, 2, 5, 10, 20 … that is not below. */
export function niceMost(values: readonly number[]): number {
  const most = Math.max(0, ...values)
  if (most === 0) return 1
  const power = 10 ** Math.floor(Math.log10(most))
  return ([1, 2, 5, 10].find((step) => step * power >= most * 0.999999) ?? 10) * power
}

export interface Point {
  readonly at: number
  readonly value: number
}

/** A line through the points in a box of this size; a gap of more than `gapMs` breaks it. */
export function linePath(
  points: readonly Point[],
  box: {
    readonly from: number
    readonly to: number
    readonly most: number
    readonly width: number
    readonly height: number
  },
  gapMs: number,
): string {
  let before: number | null = null
  const steps: string[] = []
  for (const { at, value } of points) {
    const x = ((at - box.from) / (box.to - box.from)) * box.width
    const y = box.height - (value / box.most) * box.height
    steps.push(`${before === null || at - before > gapMs ? 'M' : 'L'}${round(x)} ${round(y)}`)
    before = at
  }
  return steps.join('')
}

/** The highest value of each minute, the latest first: short enough to be read out. */
export function byMinute(points: readonly Point[]): Point[] {
  const minutes = new Map<number, number>()
  for (const { at, value } of points) {
    const minute = Math.floor(at / 60_000) * 60_000
    minutes.set(minute, Math.max(value, minutes.get(minute) ?? 0))
  }
  return [...minutes].map(([at, value]) => ({ at, value })).sort((a, b) => b.at - a.at)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
