import { randomUUID } from 'node:crypto'
import { fillPeople, openBeside } from './fill.ts'
import {
  type BenchPerson,
  type Line,
  makeInstance,
  type Program,
  post,
  sleep,
  startSotto,
  withFolder,
} from './harness.ts'

/** One message to many, until everybody has it; and again with the server killed half-way, where everybody must have it exactly once. */
export async function benchBulk(recipients: number): Promise<Line[]> {
  const [whole, killed] = [await send(recipients, false), await send(recipients, true)]
  const single = await sendOneByOne(Math.min(recipients, 200))
  return [
    {
      what: `a message to ${recipients} people, each in a new thread`,
      ours: `${whole.seconds.toFixed(1)} s (${(recipients / whole.seconds).toFixed(0)}/s)`,
      compared: `${(recipients / whole.seconds / single).toFixed(2)} × one request after the other (${single.toFixed(0)}/s)`,
      goal: '≤ 10 s',
      met: whole.seconds <= 10 && whole.exact,
    },
    {
      what: 'the same with a kill -9 half-way',
      ours: `${killed.seconds.toFixed(1)} s with the start, ${killed.exact ? 'exactly one each' : killed.fault}`,
      compared: 'counted in the log',
      goal: 'exactly one each',
      met: killed.exact,
    },
  ]
}

async function send(
  recipients: number,
  withKill: boolean,
): Promise<{ seconds: number; exact: boolean; fault: string }> {
  return withFolder(async (folder) => {
    let sotto = await startSotto(folder)
    const { admin } = await makeInstance(sotto, 1)
    const database = await openBeside(folder)
    const people = await fillPeople(database, 'p0', recipients)
    await database.close()
    const began = performance.now()
    const input = { clientId: randomUUID(), to: { people, circles: [], roles: [] }, text: 'Dear {firstName}' }
    const { bulk } = await post<{ bulk: string }>(sotto.url, '/bulk', input, admin.token)
    if (withKill) {
      while ((await look(sotto, admin, bulk)).sent < recipients / 2) await sleep(20)
      process.kill(sotto.pid, 'SIGKILL')
      await sleep(200)
      sotto = await startSotto(folder, { PORT: new URL(sotto.url).port })
    }
    while ((await look(sotto, admin, bulk)).state !== 'done') await sleep(250)
    const seconds = (performance.now() - began) / 1000
    const after = await openBeside(folder)
    const { rows } = await after.pool.query<{ people: number; messages: number }>(
      `select count(distinct m.person) as people, count(*) as messages from members m
       join entries e on e.conversation = m.conversation and e.kind = 'message'
       where m.person = any($1::uuid[])`,
      [people],
    )
    await after.close()
    await sotto.stop()
    const found = rows[0] ?? { people: 0, messages: 0 }
    const exact = found.people === recipients && found.messages === recipients
    return { seconds, exact, fault: `${found.messages} messages to ${found.people} of ${recipients} people` }
  })
}

function look(sotto: Program, admin: BenchPerson, bulk: string): Promise<{ state: string; sent: number }> {
  return fetch(`${sotto.url}/api/v1/bulk/${bulk}`, { headers: { authorization: `Bearer ${admin.token}` } }).then(
    (response) => response.json() as Promise<{ state: string; sent: number }>,
  )
}

/** Threads begun one after the other by a program, per second. */
async function sendOneByOne(count: number): Promise<number> {
  return withFolder(async (folder) => {
    const sotto = await startSotto(folder)
    const { admin } = await makeInstance(sotto, 1)
    const database = await openBeside(folder)
    const people = await fillPeople(database, 'p0', count)
    await database.close()
    const began = performance.now()
    for (const person of people)
      await post(sotto.url, '/threads', { person, clientId: randomUUID(), text: 'Dear you' }, admin.token)
    const rate = count / ((performance.now() - began) / 1000)
    await sotto.stop()
    return rate
  })
}
