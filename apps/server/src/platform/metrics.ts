import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What an operator watches; every name is explained in its help text. */
export interface Metrics {
  observeCommand(name: string, outcome: string, seconds: number): void
  /** Read when asked for. */
  gauge(name: string, help: string, read: () => number): void
  counter(name: string, help: string, read: () => number): void
  print(): Promise<string>
}

export function openMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const commands = new Histogram({
    name: 'sotto_command_seconds',
    help: 'Time from parsed input to answer, by command and outcome.',
    labelNames: ['command', 'outcome'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [registry],
  })
  return {
    observeCommand: (command, outcome, seconds) => commands.observe({ command, outcome }, seconds),
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(read())
        },
      })
    },
    counter(name, help, read) {
      new Counter({
        name,
        help,
        registers: [registry],
        collect() {
          this.reset()
          this.inc(read())
        },
      })
    },
    print: () => registry.metrics(),
  }
}
