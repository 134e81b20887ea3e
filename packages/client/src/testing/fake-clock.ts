import type { Clock, Random } from '#client/core/ports.ts'

interface Timer {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** Time that passes only when a test says so. */
export class FakeClock implements Clock {
  private time: number
  private timers: Timer[] = []
  private nextOrder = 0

  constructor(start = Date.parse('2026-11-21T08:00:00.000Z')) {
    this.time = start
  }

  now(): number {
    return this.time
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.time + Math.max(0, ms), order: this.nextOrder++, run }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((other) => other !== timer)
    }
  }

  /** Lets time pass; everything that becomes due runs in its order, with all its consequences before the next. */
  async pass(ms: number) {
    const until = this.time + ms
    await settle()
    for (;;) {
      const next = this.timers.reduce<Timer | null>(
        (first, timer) => (first && !isBefore(timer, first) ? first : timer),
        null,
      )
      if (!next || next.at > until) break
      this.timers = this.timers.filter((timer) => timer !== next)
      this.time = Math.max(this.time, next.at)
      next.run()
      await settle()
    }
    this.time = until
  }

  /** Lets time pass in steps until something is so. */
  async passUntil(isSo: () => boolean, limitMs = 120_000, stepMs = 100) {
    for (let passed = 0; passed <= limitMs; passed += stepMs) {
      await settle()
      if (isSo()) return
      await this.pass(stepMs)
    }
    throw new Error(`still not so after ${limitMs} ms`)
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at
}

/** Runs everything that waits for nothing but its turn. */
export async function settle() {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** Randomness that is the same for the same seed (mulberry32). */
export class FakeRandom implements Random {
  private state: number

  constructor(seed: number) {
    this.state = seed | 0
  }

  fraction(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  /** True this often. */
  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  uuid(): string {
    const hex = Array.from({ length: 32 }, () => Math.floor(this.fraction() * 16).toString(16))
    hex[12] = '4'
    hex[16] = '8'
    const text = hex.join('')
    return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`
  }
}
