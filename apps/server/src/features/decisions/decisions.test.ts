import type { ConversationId, Decision, EntryId, ReportId } from '@sotto/protocol'
import { expect, test } from 'vitest'
import {
  clientId,
  makeConversation,
  makeThread,
  password,
  startTestServer,
  type TestPerson,
} from '../../testing/server.ts'

async function scene() {
  const server = await startTestServer()
  const [alice, bob, carol, mod] = [
    await server.person('alice'),
    await server.person('bob'),
    await server.person('carol'),
    await server.person('mod'),
  ]
  await server.admin.call('people.setRole', { person: mod.id, role: 'moderator' })
  const conversation = await makeConversation(server, alice, 'group')
  await alice.call('members.add', { conversation, people: [bob.id, carol.id] })
  const say = async (person: TestPerson, text: string, where: ConversationId = conversation) =>
    (await person.call('messages.send', { conversation: where, clientId: clientId(), text })).id
  const report = async (by: TestPerson, person: TestPerson, message?: EntryId, where: ConversationId = conversation) =>
    (
      await by.call('reports.make', {
        conversation: where,
        person: person.id,
        ...(message && { message }),
        reason: 'harassment',
        note: 'look at this',
      })
    ).report
  const decide = (id: ReportId, decision: Decision, by: TestPerson = mod) =>
    by.call('reports.decide', { report: id, decision, note: 'so be it' })
  const notices = async (person: TestPerson) =>
    (await person.call('board.pull', { after: 0 })).rows.filter((row) => row.key.startsWith('notice/') && row.value)
  return { server, alice, bob, carol, mod, conversation, say, report, decide, notices }
}

test('a report shows the message as it was, and what was said around it as it is', async () => {
  const { server, alice, bob, carol, mod, conversation, say, report } = await scene()
  for (let index = 0; index < 7; index++) await say(carol, `before ${index}`)
  const id = await say(bob, 'an insult')
  for (let index = 0; index < 7; index++) await say(carol, `after ${index}`)
  const made = await report(alice, bob, id)
  expect(await report(alice, bob, id)).toBe(made)
  expect((await server.admin.call('audit.list', { action: 'report.made' })).records).toHaveLength(1)
  await bob.call('messages.edit', { conversation, message: id, clientId: clientId(), text: 'a compliment' })

  await expect(carol.call('reports.list', { state: 'open' })).rejects.toMatchObject({ code: 'forbidden' })
  const { reports } = await mod.call('reports.list', { state: 'open' })
  expect(reports).toMatchObject([{ id: made, reporter: alice.id, person: bob.id, message: id, decided: null }])
  const shown = await mod.call('reports.get', { report: made })
  expect(shown).toMatchObject({ note: 'look at this', evidence: { text: 'an insult', deleted: null }, earlier: [] })
  expect(shown.around.map(({ text, edited }) => [text, edited])).toEqual([
    ...[2, 3, 4, 5, 6].map((index) => [`before ${index}`, false]),
    ['a compliment', true],
    ...[0, 1, 2, 3, 4].map((index) => [`after ${index}`, false]),
  ])
  const { records } = await server.admin.call('audit.list', { action: 'report.read' })
  expect(records).toMatchObject([{ actor: mod.id, person: bob.id, conversation, detail: { report: made } }])
  const stored = await server.platform.db.executeQuery<{ content: Buffer }>({
    sql: 'select content from reports',
    parameters: [],
    query: { kind: 'RawNode' },
  } as never)
  expect(stored.rows.map(({ content }) => content.includes('insult'))).toEqual([false])
})

test('who looks at reports is told who is in them, whether they find people otherwise or not, and of nobody else', async () => {
  const { server, alice, bob, carol, mod, say, report, decide } = await scene()
  const dave = await server.person('dave')
  await server.admin.call('roles.create', { role: 'judge', name: 'Judge', permissions: ['messages.moderate'] })
  await server.admin.call('people.setRole', { person: dave.id, role: 'judge' })
  const namesOf = ({ people }: { people: readonly { displayName: string }[] }) =>
    people.map(({ displayName }) => displayName).sort()
  expect(namesOf(await dave.call('people.get', { people: [alice.id, bob.id, carol.id, mod.id] }))).toEqual([])
  expect(await dave.call('reports.list', { state: 'open' })).toMatchObject({ reports: [], people: [] })

  await decide(await report(alice, bob, await say(bob, 'once')), 'dismissed')
  const made = await report(alice, bob, await say(bob, 'twice'))
  const open = await dave.call('reports.list', { state: 'open' })
  expect(open.people).toContainEqual({ person: bob.id, name: 'bob', displayName: 'Bob' })
  expect(namesOf(open)).toEqual(['Alice', 'Bob'])
  expect(namesOf(await dave.call('reports.list', { state: 'decided' }))).toEqual(['Alice', 'Bob', 'Mod'])
  // Who decided about the person before is in it; Carol, who said nothing near it, is not, until she does.
  expect(namesOf(await dave.call('reports.get', { report: made }))).toEqual(['Alice', 'Bob', 'Mod'])
  await say(carol, 'what is this')
  expect(namesOf(await dave.call('reports.get', { report: made }))).toEqual(['Alice', 'Bob', 'Carol', 'Mod'])
  await expect(alice.call('reports.list', { state: 'open' })).rejects.toMatchObject({ code: 'forbidden' })
})

test('only who can read a message can report it, and only its sender for it', async () => {
  const { alice, bob, carol, mod, conversation, say, report } = await scene()
  const id = await say(bob, 'early')
  await expect(report(alice, carol, id)).rejects.toMatchObject({ code: 'not_found' })
  await expect(report(bob, bob, id)).rejects.toMatchObject({ code: 'invalid_input' })
  await expect(report(mod, bob, id)).rejects.toMatchObject({ code: 'not_found' })
  await alice.call('members.add', { conversation, people: [mod.id] })
  // Who came later has not read it.
  await expect(report(mod, bob, id)).rejects.toMatchObject({ code: 'not_found' })
  await report(mod, bob, await say(bob, 'late'))
  const thread = await makeThread(alice, bob)
  await expect(report(alice, carol, undefined, thread)).rejects.toMatchObject({ code: 'not_found' })
  await report(alice, bob, undefined, thread)
})

test('what was deleted can be reported: what its sender took back is gone, what a moderator took out is there', async () => {
  const { alice, bob, carol, mod, conversation, say, report } = await scene()
  const [own, others] = [await say(bob, 'taken back'), await say(bob, 'taken out')]
  await bob.call('messages.delete', { conversation, message: own, clientId: clientId() })
  await alice.call('messages.delete', { conversation, message: others, clientId: clientId() })
  const evidence = async (message: EntryId) =>
    (await mod.call('reports.get', { report: await report(carol, bob, message) })).evidence
  expect(await evidence(own)).toEqual({ text: null, deleted: 'sender' })
  expect(await evidence(others)).toEqual({ text: 'taken out', deleted: 'moderator' })
})

test('decisions do what they say and tell both sides, but never who reported', async () => {
  const { server, alice, bob, carol, mod, conversation, say, report, decide, notices } = await scene()
  const id = await say(bob, 'an insult')
  const socket = await bob.connect()
  const first = await report(alice, bob, id)
  await decide(first, 'message_deleted')
  expect((await socket.next('entry', ({ entry }) => entry.kind === 'deleted')).entry).toMatchObject({
    target: id,
    body: { by: 'moderator' },
  })
  expect(await notices(alice)).toMatchObject([
    { key: `notice/${first}`, value: { kind: 'your_report', decision: 'message_deleted', text: 'so be it' } },
  ])
  const told = await notices(bob)
  expect(told).toMatchObject([{ value: { kind: 'about_you', report: first, decision: 'message_deleted' } }])
  expect(JSON.stringify(told)).not.toContain(alice.id)
  await bob.call('notices.dismiss', { notice: first })
  expect(await notices(bob)).toEqual([])

  const second = await report(carol, bob)
  await decide(second, 'dismissed')
  expect([await notices(bob), (await notices(carol)).length]).toEqual([[], 1])
  const third = await report(carol, bob)
  expect((await mod.call('reports.get', { report: third })).earlier).toMatchObject([
    { id: second, decided: { decision: 'dismissed', by: mod.id, note: 'so be it' } },
    { id: first, decided: { decision: 'message_deleted' } },
  ])
  await decide(third, 'removed')
  await expect(bob.call('messages.page', { conversation })).rejects.toMatchObject({ code: 'not_found' })

  const thread = await makeThread(carol, bob)
  const fourth = await report(carol, bob, undefined, thread)
  await expect(decide(fourth, 'removed')).rejects.toMatchObject({ code: 'invalid_input' })
  await expect(decide(fourth, 'message_deleted')).rejects.toMatchObject({ code: 'invalid_input' })
  // A refusal leaves it open.
  await expect(decide(fourth, 'suspended')).rejects.toMatchObject({ code: 'forbidden' })
  await decide(fourth, 'suspended', server.admin)
  await socket.closed
  const again = { name: 'bob', password, device: 'x', keep: 'token' } as const
  await expect(server.anonymous.call('sessions.signIn', again)).rejects.toMatchObject({ code: 'forbidden' })
  const { reports } = await mod.call('reports.list', { state: 'decided', limit: 3 })
  expect(reports.map((one) => one.decided?.decision)).toEqual(['suspended', 'removed', 'dismissed'])
})

test('of two who decide at once one is told, and nothing is done twice', async () => {
  const { server, alice, bob, mod, conversation, say, report, decide } = await scene()
  const made = await report(alice, bob, await say(bob, 'an insult'))
  const results = await Promise.allSettled([
    decide(made, 'message_deleted'),
    decide(made, 'message_deleted', server.admin),
    decide(made, 'dismissed', mod),
  ])
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  for (const result of results)
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' })
  const { entries } = await alice.call('messages.page', { conversation })
  expect(entries.filter((entry) => entry.kind === 'deleted').length).toBeLessThan(2)
})

test('nobody decides about themselves, and nobody takes out the last owner', async () => {
  const { alice, bob, mod, conversation, report, decide } = await scene()
  await alice.call('members.add', { conversation, people: [mod.id] })
  await expect(decide(await report(bob, mod), 'dismissed')).rejects.toMatchObject({ code: 'forbidden' })
  await expect(decide(await report(bob, alice), 'removed')).rejects.toMatchObject({ code: 'conflict' })
})

test('who leaves before it is decided that they are taken out does not come back either', async () => {
  const { server, bob, carol, mod } = await scene()
  const { card } = await server.admin.call('channels.create', { clientId: clientId(), name: 'Open', listed: true })
  const { conversation } = card
  for (const person of [bob, carol]) await person.call('channels.join', { conversation })
  const reported = { conversation, person: bob.id, reason: 'spam' } as const
  const { report } = await carol.call('reports.make', reported)
  await bob.call('members.leave', { conversation })
  const decide = (until: number) =>
    mod.call('reports.decide', { report, decision: 'removed', until: new Date(Date.now() + until).toISOString() })
  await expect(decide(-1)).rejects.toMatchObject({ code: 'invalid_input' })
  await bob.call('channels.join', { conversation })
  await bob.call('members.leave', { conversation })
  await decide(3_600_000)
  await expect(bob.call('channels.join', { conversation })).rejects.toMatchObject({ code: 'forbidden' })
  const { records } = await server.admin.call('audit.list', { person: bob.id, action: 'member.banned' })
  expect(records).toMatchObject([{ actor: mod.id, conversation }])
  const removals = await server.admin.call('audit.list', { conversation, action: 'member.removed', actor: mod.id })
  expect(removals.records).toEqual([])
})
