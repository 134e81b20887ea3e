import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createSqliteStore } from '@sotto/client/node'
import { expect, onTestFinished, test } from 'vitest'
import { endWithUs, startProduct } from '../product.ts'
import { readArchive, signUpTwo } from './cast.ts'
import { check, type History } from './checker.ts'
import type { Said } from './device.ts'
import { patience, takeFolder, trials } from './trials.ts'

const program = fileURLToPath(new URL('device.ts', import.meta.url))

test(
  `two devices are killed ${trials} times in the middle of sending, and go on from their disks`,
  patience,
  async () => {
    const folder = await takeFolder()
    const product = await startProduct(await takeFolder())
    onTestFinished(() => product.stop(), 60_000)
    const fileOf = (name: string) => join(folder, `${name}.sqlite`)
    const { alice, bob } = await signUpTwo(product, (name) => createSqliteStore(fileOf(name)))
    const devices = [
      new Device('alice', [product.url, fileOf('alice'), bob]),
      new Device('bob', [product.url, fileOf('bob'), alice]),
    ]
    onTestFinished(() => void Promise.all(devices.map((device) => device.end())))

    await Promise.all(devices.map((device) => device.liveAndDie(Math.ceil(trials / 2))))
    await Promise.all(devices.map((device) => device.settle()))
    const archive = await readArchive(product, 'alice', bob)
    const history: History = {
      promised: new Map(devices.map(({ name, promised }) => [name, promised])),
      acknowledged: devices.flatMap((device) => [...device.acknowledged.values()]),
      shown: new Map(
        await Promise.all(devices.map(async (device) => [device.name, await device.show(archive.head)] as const)),
      ),
    }
    expect(check(history, archive.messages, archive.places)).toEqual([])
    for (const { killsWhileWaiting, killsOnTheLine } of devices)
      expect(Math.min(killsWhileWaiting, killsOnTheLine)).toBeGreaterThan(trials / 8)
  },
)

/** What one device was promised and showed through all its lives, on one file. */
class Device {
  readonly name: string
  readonly promised: string[] = []
  readonly acknowledged = new Map<string, { clientId: string; place: number }>()
  /** How often it was killed with a promised message that was not acknowledged, and after something was in the same life. */
  killsWhileWaiting = 0
  killsOnTheLine = 0
  readonly #args: readonly string[]
  #next: Life

  constructor(name: string, args: readonly string[]) {
    this.name = name
    this.#args = args
    this.#next = new Life(args)
  }

  /** The next process is started while this one lives, and opens the file when this one is dead. */
  #take(): Life {
    const life = this.#next
    this.#next = new Life(this.#args)
    return life
  }

  async liveAndDie(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      const life = this.#take()
      life.order(`send ${this.name}-${time}`)
      const news = () => life.said.filter((one) => 'acknowledged' in one && !this.acknowledged.has(one.acknowledged))
      const promises = () => life.said.filter((one) => 'promised' in one)
      // Sometimes while it starts, and otherwise among what it sends: right after a promise, or a little later.
      const moment = Math.floor(Math.random() * 10)
      await life.until(() => news().length >= moment)
      const { length } = promises()
      if (moment > 0) await life.until(() => promises().length > length)
      await sleep(time % 2 === 0 ? 0 : Math.random() * 20)
      await life.end()
      if (news().length > 0) this.killsOnTheLine++
      this.#note(life.said)
      if (this.promised.some((id) => !this.acknowledged.has(id))) this.killsWhileWaiting++
    }
  }

  #note(said: readonly Said[]) {
    for (const one of said) {
      if ('promised' in one) this.promised.push(one.promised)
      if ('acknowledged' in one && !this.acknowledged.has(one.acknowledged))
        this.acknowledged.set(one.acknowledged, { clientId: one.acknowledged, place: one.place })
    }
  }

  async settle() {
    this.#next.order('finish')
    await this.#next.until(() => this.#next.said.some((one) => 'settled' in one))
  }

  async show(head: number) {
    this.#next.order(`show ${head}`)
    await this.#next.until(() => this.#next.said.some((one) => 'shown' in one))
    this.#note(this.#next.said)
    return this.#next.said.flatMap((one) => ('shown' in one ? one.shown : []))
  }

  end() {
    return this.#next.end()
  }
}

/** One process, from its start to its end. */
class Life {
  readonly said: Said[] = []
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  #isClosed = false
  #wake = () => {}

  constructor(args: readonly string[]) {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    endWithUs(child)
    // Not its exit: what it said last may still be on its way then.
    this.#closed = once(child, 'close').then(() => {
      this.#isClosed = true
      this.#wake()
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.said.push(JSON.parse(line))
      this.#wake()
    })
    this.#child = child
  }

  order(text: string) {
    this.#child.stdin?.write(`${text}\n`)
  }

  async until(condition: () => boolean): Promise<void> {
    for (const giveUpAt = Date.now() + 60_000; !condition(); ) {
      if (this.#isClosed) throw new Error(`the device ended with ${this.#child.exitCode}`)
      if (Date.now() > giveUpAt) throw new Error(`the device said no more than ${this.said.length} lines`)
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#wake = resolve
        }),
        sleep(1_000),
      ])
    }
  }

  async end() {
    this.#child.kill('SIGKILL')
    await this.#closed
  }
}
