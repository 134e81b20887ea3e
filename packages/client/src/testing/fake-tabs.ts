import type { Claim, Locks, OpenChannel } from '#client/browser/tab-ports.ts'
import type { Clock } from '#client/core/ports.ts'

/** A tab’s own view of time and messages: while it is frozen nothing reaches it, and all of it comes at once when it thaws. */
export class Freezer {
  private isFrozen = false
  private isGone = false
  private held: (() => void)[] = []

  freeze() {
    this.isFrozen = true
  }

  /** As a closed tab: nothing ever reaches it again. */
  kill() {
    this.isGone = true
    this.held = []
  }

  thaw() {
    this.isFrozen = false
    const held = this.held
    this.held = []
    for (const run of held) run()
  }

  reach(run: () => void) {
    if (this.isGone) return
    if (this.isFrozen) this.held.push(run)
    else run()
  }

  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      after: (ms, run) => {
        let isCancelled = false
        const cancel = clock.after(ms, () =>
          this.reach(() => {
            if (!isCancelled) run()
          }),
        )
        return () => {
          isCancelled = true
          cancel()
        }
      },
    }
  }
}

interface Waiter {
  readonly tab: Freezer
  readonly grant: () => void
  readonly steal: () => void
}

/** Locks and channels as the tabs of one browser share them. */
export class FakeBrowser {
  private readonly queues = new Map<string, Waiter[]>()
  private readonly channels = new Map<
    string,
    Set<{ readonly tab: Freezer; readonly received: (message: never) => void }>
  >()
  private readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  locks(tab: Freezer): Locks {
    return {
      claim: (name, { steal }) => {
        const queue = this.queues.get(name) ?? []
        this.queues.set(name, queue)
        let grant = () => {}
        let stolen = () => {}
        const claim: Claim = {
          granted: new Promise((resolve) => {
            grant = () => tab.reach(resolve)
          }),
          stolen: new Promise((resolve) => {
            stolen = () => tab.reach(resolve)
          }),
          release: () => this.leave(name, waiter),
        }
        const waiter: Waiter = { tab, grant, steal: stolen }
        if (steal) {
          queue.shift()?.steal()
          queue.unshift(waiter)
          waiter.grant()
        } else {
          queue.push(waiter)
          if (queue[0] === waiter) waiter.grant()
        }
        return claim
      },
    }
  }

  /** The tab is closed: its locks and its place in the queues are gone. */
  close(tab: Freezer) {
    tab.kill()
    for (const [name, queue] of this.queues)
      for (const waiter of [...queue]) if (waiter.tab === tab) this.leave(name, waiter)
    for (const members of this.channels.values())
      for (const member of [...members]) if (member.tab === tab) members.delete(member)
  }

  openChannel(tab: Freezer): OpenChannel {
    return (name, received) => {
      const members = this.channels.get(name) ?? new Set()
      this.channels.set(name, members)
      const me = { tab, received }
      members.add(me)
      return {
        post: (message) => {
          if (!members.has(me)) return
          const copy = structuredClone(message)
          for (const member of members) {
            if (member === me) continue
            this.clock.after(1, () => member.tab.reach(() => members.has(member) && member.received(copy as never)))
          }
        },
        close: () => members.delete(me),
      }
    }
  }

  private leave(name: string, waiter: Waiter) {
    const queue = this.queues.get(name) ?? []
    const index = queue.indexOf(waiter)
    if (index < 0) return
    queue.splice(index, 1)
    if (index === 0) queue[0]?.grant()
  }
}
