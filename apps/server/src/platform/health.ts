import { createHistogram } from 'node:perf_hooks'
import type { HealthSample } from '@sotto/protocol'
import type { Clock } from './clock.ts'

/** What others count and this only reads; both counters only grow. */
export interface Counts {
  readonly connections: number
  readonly deliveries: number
}

/** The last hour of this server, for the people who run it. Metrics go on from there. */
export interface Health {
  readonly startedAt: Date
  observe(command: string, outcome: string, seconds: number): void
  /** Oldest first. */
  samples(): readonly HealthSample[]
  /** Takes a sample every ten seconds until the returned function is called. */
  follow(count: () => Counts): () => void
}

const sampleSeconds = 10
const maxSamples = 360
const sending = new Set(['messages.send', 'threads.start'])
const faults = new Set(['internal', 'unavailable'])

export function openHealth(clock: Clock): Health {
  const times = createHistogram()
  const taken: HealthSample[] = []
  let messages = 0
  let failures = 0
  let deliveries = 0

  function sample({ connections, deliveries: delivered }: Counts) {
    const perSecond = (count: number) => Math.round((count / sampleSeconds) * 100) / 100
    const milliseconds = (percentile: number) =>
      times.count === 0 ? 0 : Math.round(times.percentile(percentile) / 10) / 100
    taken.push({
      at: clock.now().toISOString(),
      connections,
      messages: perSecond(messages),
      deliveries: perSecond(delivered - deliveries),
      commands: perSecond(times.count),
      failures: perSecond(failures),
      medianMs: milliseconds(50),
      p99Ms: milliseconds(99),
      memoryBytes: process.memoryUsage.rss(),
    })
    if (taken.length > maxSamples) taken.shift()
    deliveries = delivered
    messages = 0
    failures = 0
    times.reset()
  }

  return {
    startedAt: clock.now(),
    observe(command, outcome, seconds) {
      // In microseconds: the histogram counts whole numbers from 1 on.
      times.record(Math.max(1, Math.round(seconds * 1e6)))
      if (sending.has(command) && outcome === 'done') messages++
      if (faults.has(outcome)) failures++
    },
    samples: () => taken,
    follow(count) {
      const timer = setInterval(() => sample(count()), sampleSeconds * 1000).unref()
      return () => clearInterval(timer)
    },
  }
}
