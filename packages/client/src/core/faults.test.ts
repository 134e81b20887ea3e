import type { ConversationId, PersonId } from '@sotto/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ConversationWindow, Target } from '#client/api.ts'
import { MemoryDisk } from '#client/stores/memory.ts'
import { fairWeather, type Weather } from '#client/testing/fake-server.ts'
import { latest, messageRows, texts, World, windowOn } from '#client/testing/people.ts'

/** What people, the network and the server do, one after the other. */
type Step =
  | { readonly kind: 'send'; readonly by: 0 | 1; readonly to: 'thread' | 'person' | 'group' }
  | { readonly kind: 'cut' | 'crash' | 'restart' | 'stranger'; readonly by: 0 | 1 }
  | { readonly kind: 'pass'; readonly ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      by: fc.constantFrom(0, 1),
      to: fc.constantFrom('thread', 'person', 'group'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('cut', 'crash', 'restart', 'stranger'), by: fc.constantFrom(0, 1) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(0, 1, 10, 100, 1_000, 10_000) }),
  },
)

const badWeather: fc.Arbitrary<Weather> = fc.record({
  delayMs: fc.constantFrom(0, 5, 200),
  reorder: fc.boolean(),
  dropPush: fc.constantFrom(0, 0.2, 1),
  duplicatePush: fc.constantFrom(0, 0.3),
  dropAnswer: fc.constantFrom(0, 0.05),
  cutBefore: fc.constantFrom(0, 0.05),
  cutAfter: fc.constantFrom(0, 0.05, 0.2),
})

/** What a window never shows, whatever happens. */
function requireSound(window: ConversationWindow) {
  const keys = window.rows.map((row) => row.key)
  expect(new Set(keys).size).toBe(keys.length)
  const places = window.rows.flatMap((row) => row.place ?? [])
  expect(places).toEqual([...places].sort((a, b) => a - b))
  const firstWaiting = window.rows.findIndex((row) => row.place === null)
  if (firstWaiting >= 0) expect(window.rows.slice(firstWaiting).every((row) => row.place === null)).toBe(true)
}

test('nothing is lost, doubled or out of order, whatever the network, crashes and restarts do', {
  timeout: 240_000,
}, async () => {
  const runs = Number(process.env.SOTTO_RUNS ?? 60)
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      badWeather,
      fc.array(step, { minLength: 5, maxLength: 40 }),
      async (seed, weather, steps) => {
        const world = new World(seed)
        const { server, clock } = world
        const people = [server.addPerson('alice'), server.addPerson('bob')] as const
        const carol = server.addPerson('carol')
        const group = server.addConversation([people[0].id, people[1].id, carol.id], 3)
        const disks = [new MemoryDisk(), new MemoryDisk()] as const
        const clients = [await world.online(people[0], disks[0]), await world.online(people[1], disks[1])]
        const watch = (by: 0 | 1) =>
          [group, people[1 - by]?.id].map((id) =>
            windowOn(clients[by] as never, id === group ? { conversation: group } : { person: id as PersonId }),
          )
        const windows = [watch(0), watch(1)]
        const sent: { by: 0 | 1; lane: 'thread' | 'group'; text: string }[] = []
        server.weather = weather

        const take = async (action: Step) => {
          if (action.kind === 'pass') return clock.pass(action.ms)
          const { by } = action
          switch (action.kind) {
            case 'send': {
              const other = people[1 - by] as (typeof people)[0]
              // Who knows of the thread may name it or the person: it is one queue.
              const thread = windows[by]?.[1]?.value.card?.conversation
              const target: Target =
                action.to === 'group'
                  ? { conversation: group }
                  : action.to === 'thread' && thread
                    ? { conversation: thread }
                    : { person: other.id }
              const text = `${by} says ${sent.length}`
              sent.push({ by, lane: action.to === 'group' ? 'group' : 'thread', text })
              await clients[by]?.send(target, text)
              return
            }
            case 'stranger':
              server.say(group, carol.id, `carol says ${server.entriesOf(group).length}`)
              return
            case 'cut':
              for (const socket of [...server.sockets]) if (server.random.chance(0.5)) socket.end(1006, '')
              return
            case 'restart':
              server.cutAll(1012, '{"spreadMs":3000}')
              return
            case 'crash':
              // As a process that is killed: nothing is closed or waited for, another one takes up the same disk.
              for (const window of windows[by] ?? []) window.stop()
              clients[by] = world.client(disks[by])
              await world.during(clients[by].resume())
              windows[by] = watch(by)
          }
        }
        for (const action of steps) await take(action)

        server.weather = fairWeather
        const isQuiet = () =>
          clients.every((client) => {
            const outbox = latest(client, 'outbox', {})
            const connection = latest(client, 'connection', {})
            outbox.stop()
            connection.stop()
            return outbox.value.waiting === 0 && outbox.value.failed === 0 && connection.value.phase === 'online'
          })
        await clock.passUntil(isQuiet, 400_000, 500)
        // A push that was dropped shows with the next ping at the latest.
        await clock.pass(60_000)

        const conversations: [ConversationId | undefined, number][] = [
          [group, 0],
          [[...server.conversations.values()].find(({ kind }) => kind === 'thread')?.id, 1],
        ]
        for (const [conversation, index] of conversations) {
          const log = conversation ? server.entriesOf(conversation) : []
          const said = log.flatMap((entry) => (entry.kind === 'message' ? [entry.body.text] : []))
          for (const by of [0, 1] as const) {
            const mine = sent
              .filter((message) => message.by === by && message.lane === (index === 0 ? 'group' : 'thread'))
              .map(({ text }) => text)
            expect(said.filter((text) => text.startsWith(`${by} says`))).toEqual(mine)
            const window = windows[by]?.[index]
            if (!window) throw new Error('no window')
            for (const seen of window.seen) requireSound(seen)
            expect(texts(window.value)).toEqual(said)
            expect(messageRows(window.value).map((row) => row.place)).toEqual(log.map((entry) => entry.place))
          }
        }
        for (const client of clients) await client.close()
      },
    ),
    { numRuns: runs, endOnFailure: true },
  )
})
