import { expect, test } from 'vitest'
import { clientId, makeThread, startTestServer } from '../../testing/server.ts'

const words = { code: 'forbidden', body: { error: { about: 'words' } } }

test('a message with a filtered word is refused at every door, and strangers learn nothing by it', async () => {
  const server = await startTestServer()
  const [alice, bob, carol] = [await server.person('alice'), await server.person('bob'), await server.person('carol')]
  const conversation = await makeThread(alice, bob)
  const send = (text: string, by = alice) => by.call('messages.send', { conversation, clientId: clientId(), text })
  const { id } = await send('you rascal')
  await server.admin.call('instance.changeSettings', { word_filter: ['rascal'] })
  await expect(send('you RASCAL!')).rejects.toMatchObject(words)
  await expect(alice.write(bob, 'rascal')).rejects.toMatchObject(words)
  await expect(carol.write(bob, 'rascal')).rejects.toMatchObject(words)
  await expect(
    alice.call('messages.edit', { conversation, message: id, clientId: clientId(), text: 'rascal' }),
  ).rejects.toMatchObject(words)
  await expect(send('rascal', carol)).rejects.toMatchObject({ code: 'not_found' })
  await send('rascally')
  // Nobody reads what is private.
  await server.platform.db.executeQuery({
    sql: `update conversations set policy = 'private' where id = $1`,
    parameters: [conversation],
    query: { kind: 'RawNode' },
  } as never)
  await send('rascal')
  const { records } = await server.admin.call('audit.list', { action: 'words.changed' })
  expect(records).toMatchObject([{ detail: { words: 1 } }])
  expect((await server.admin.call('reports.list', { state: 'open' })).reports).toEqual([])
})

test('where words are reported, the message goes and a report by nobody comes, once', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const conversation = await makeThread(alice, bob)
  await server.admin.call('instance.changeSettings', { word_filter: ['rascal'], word_filter_action: 'report' })
  const message = { conversation, clientId: clientId(), text: 'you rascal' }
  const sent = await alice.call('messages.send', message)
  expect(await alice.call('messages.send', message)).toEqual(sent)
  const { reports } = await server.admin.call('reports.list', { state: 'open' })
  expect(reports).toMatchObject([{ reporter: null, person: alice.id, conversation, message: sent.id, reason: 'words' }])
  const report = reports[0]?.id as never
  expect((await server.admin.call('reports.get', { report })).evidence).toEqual({ text: 'you rascal', deleted: null })
  await server.admin.call('reports.decide', { report, decision: 'warned', note: 'mind your words' })
  expect((await alice.call('board.pull', { after: 0 })).rows.map((row) => row.key)).toContain(`notice/${report}`)
})
