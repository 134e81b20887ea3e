import { AppError } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import { useBulkDraft } from './use-bulk-draft.ts'

test('what is tried again after a lost answer is the same message', async () => {
  const sent: { clientId: string; text: string }[] = []
  let lost = true
  const call = async (_name: string, input: never) => {
    sent.push(input)
    if (lost) throw new AppError('unavailable')
    return { bulk: 'b' }
  }
  const draft = useBulkDraft({ call: call as never })
  expect(draft.isReady.value).toBe(false)
  draft.text.value = 'Hello {firstName}'
  expect(draft.isReady.value).toBe(false)
  draft.roles.value = ['member']
  expect(draft.isReady.value).toBe(true)
  await expect(draft.send()).rejects.toMatchObject({ code: 'unavailable' })
  expect(draft.uncertain.value).toBe(true)
  lost = false
  expect(await draft.send()).toEqual({ bulk: 'b' })
  expect(sent).toHaveLength(2)
  expect(sent[1]).toEqual(sent[0])
  // Another message is another one.
  const next = useBulkDraft({ call: call as never })
  next.text.value = 'Hello {firstName}'
  next.roles.value = ['member']
  await next.send()
  expect(sent[2]?.clientId).not.toBe(sent[0]?.clientId)
})

test('a refusal leaves it to be changed', async () => {
  const call = async () => Promise.reject(new AppError('invalid_input'))
  const draft = useBulkDraft({ call: call as never })
  await expect(draft.send()).rejects.toMatchObject({ code: 'invalid_input' })
  expect(draft.uncertain.value).toBe(false)
})
