import type { ClientId, EntryId, Person, PersonId } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { createSSRApp } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { provideClient } from '#data/client.ts'
import { createFakeClient } from '../../testing/fake-client.ts'
import MessageRow from './MessageRow.vue'
import type { Message, MessageAct } from './message-rights.ts'

const alice = 'alice' as PersonId
const bob = { id: 'bob' as PersonId, name: 'bob', displayName: 'Bob', picture: null } as Person

/** The words on the screen for a message. */
async function show(more: Partial<Message>, props: { hidden?: boolean; revealed?: boolean; acts?: MessageAct[] } = {}) {
  const row: Message = {
    kind: 'message',
    key: 'k' as ClientId,
    id: 'e' as EntryId,
    place: 2,
    sender: bob.id,
    at: '2026-11-20T12:00:00.000Z',
    text: 'hello',
    edited: false,
    deleted: null,
    state: null,
    readBy: 0,
    error: null,
    ...more,
  }
  const marks = {
    startsDay: false,
    startsNew: false,
    startsGroup: true,
    endsGroup: true,
    lastOfMine: false,
    held: false,
  }
  const app = createSSRApp(MessageRow, {
    item: { kind: 'row', key: 'k', row, also: [], ...marks },
    conversation: null,
    me: alice,
    people: new Map([[bob.id, bob]]),
    many: true,
    newWords: '',
    noNetwork: false,
    tabbable: true,
    hidden: props.hidden ?? false,
    revealed: props.revealed ?? false,
    actsOn: () => props.acts ?? [],
    editing: false,
  })
  provideClient(app, createFakeClient('signed-out'))
  const html = await renderToString(app)
  return {
    words: html
      .replace(/<!--.*?-->/g, '')
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' '),
    html,
  }
}

test('an edited message says so', async () => {
  expect((await show({})).words).not.toContain('edited')
  expect((await show({ edited: true })).words).toMatch(/hello.*edited/)
})

test('a line stands where a message was, by whom it was deleted, and nothing is done with it', async () => {
  expect((await show({ text: '', deleted: 'sender' })).words).toContain('Message deleted')
  expect((await show({ text: '', deleted: 'moderator' })).words).toContain('Deleted by a moderator')
  expect((await show({ text: '', deleted: 'sender', sender: alice })).words).toContain('You deleted this message')
  expect((await show({ text: '', deleted: 'sender', edited: true })).words).not.toContain('edited')
})

test('the menu is there where something may be done', async () => {
  expect((await show({}, { acts: ['copy'] })).html).toContain('What to do with this message')
  expect((await show({})).html).not.toContain('What to do with this message')
})

test('what somebody blocked wrote is folded until it is asked for', async () => {
  const folded = (await show({}, { hidden: true })).words
  expect(folded).toContain('Message of somebody you blocked')
  expect(folded).not.toContain('hello')
  expect(folded).not.toContain('Bob')
  expect((await show({}, { revealed: true })).words).toMatch(/hello.*Hide/)
})
