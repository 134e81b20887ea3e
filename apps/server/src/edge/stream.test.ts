import type { Head, PushFrame } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { clientId, makeThread, startTestServer, type TestPerson, type TestServer } from '../testing/server.ts'

/** The frames of an event stream, as they come. */
async function listen(server: TestServer, person: TestPerson) {
  const stop = new AbortController()
  const response = await fetch(`${server.url}/api/v1/events`, {
    headers: { authorization: `Bearer ${person.signedIn.accessToken}` },
    signal: stop.signal,
  })
  const frames = read(response)
  return { response, frames, stop: () => stop.abort() }
}

async function* read(response: Response): AsyncGenerator<PushFrame | { type: 'welcome'; heads: Head[] }> {
  let rest = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) if (block.startsWith('data: ')) yield JSON.parse(block.slice(6))
  }
}

function poll(server: TestServer, person: TestPerson, cursors: object) {
  return fetch(`${server.url}/api/v1/poll`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${person.signedIn.accessToken}` },
    body: JSON.stringify(cursors),
  }).then(async (response) => ({
    status: response.status,
    body: (await response.json()) as { frames: PushFrame[]; heads: Head[]; board: number },
  }))
}

test('an event stream begins with the welcome and then tells what a socket would', async () => {
  const server = await startTestServer()
  const [alice, bob, carol] = [await server.person('alice'), await server.person('bob'), await server.person('carol')]
  const conversation = await makeThread(alice, bob)
  const { response, frames, stop } = await listen(server, bob)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  expect((await frames.next()).value).toMatchObject({
    type: 'welcome',
    person: bob.id,
    heads: [{ conversation, head: 3 }],
  })
  await makeThread(alice, carol)
  await alice.call('messages.send', { conversation, clientId: clientId(), text: 'over events' })
  expect((await frames.next()).value).toMatchObject({
    type: 'entry',
    entry: { conversation, place: 4, body: { text: 'over events' } },
  })
  stop()
})

test('an event stream ends with its session', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  const { frames } = await listen(server, alice)
  await frames.next()
  await alice.call('sessions.signOut', {})
  expect((await frames.next()).done).toBe(true)
})

test('a poll answers at once when something was missed, and otherwise with what happens next', async () => {
  const server = await startTestServer()
  const [alice, bob] = [await server.person('alice'), await server.person('bob')]
  const conversation = await makeThread(alice, bob)
  const behind = await poll(server, bob, { board: 0, heads: {} })
  expect(behind.body).toMatchObject({ frames: [], heads: [{ conversation, head: 3 }], board: 1 })

  const waiting = poll(server, bob, { board: 1, heads: { [conversation]: 3 } })
  await new Promise((resolve) => setTimeout(resolve, 150))
  await alice.call('messages.send', { conversation, clientId: clientId(), text: 'over polling' })
  expect((await waiting).body.frames).toMatchObject([
    { type: 'entry', entry: { place: 4, body: { text: 'over polling' } } },
  ])
})

test('cursors that are none are refused', async () => {
  const server = await startTestServer()
  const alice = await server.person('alice')
  for (const cursors of [
    {},
    { board: 'x', heads: {} },
    { board: 0, heads: { a: 'b' } },
    { board: 0, heads: {}, more: 1 },
  ])
    expect((await poll(server, alice, cursors)).status).toBe(400)
  expect((await fetch(`${server.url}/api/v1/events`)).status).toBe(401)
})
