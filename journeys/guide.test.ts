import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '@sotto/client'
import { expect, onTestFinished, test } from 'vitest'
import { startProduct } from './product.ts'

const program = fileURLToPath(new URL('../docs/guide/a-program-in-twenty-lines.ts', import.meta.url))
const password = 'correct horse battery'

test('the program of the guide signs in, says hello and listens', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sotto-guide-'))
  const product = await startProduct(folder)
  const ana = createClient({ url: product.url })
  const setup = new URL(product.setup).hash.slice(1)
  await ana.setUp({ setup, instance: 'Guide', name: 'ana.moreau', displayName: 'Ana', password })
  const { token } = await ana.call('invitations.create', { role: 'member', uses: 1, expiresInHours: 1 })
  const echo = createClient({ url: product.url })
  const { person } = await echo.signUp({ invitation: token, name: 'echo', displayName: 'Echo', password })
  await echo.close()
  const running = spawn(process.execPath, [program, product.url, 'echo', password, 'ana.moreau'], { stdio: 'inherit' })
  onTestFinished(async () => {
    running.kill()
    await ana.close()
    await product.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const heard: string[] = []
  const waiting = new Map<string, () => void>()
  ana.watch(
    'conversation',
    { target: { person: person.id }, window: { anchor: 'end', before: 50, after: 0 } },
    ({ rows }) => {
      for (const row of rows)
        if (row.kind === 'message' && row.sender === person.id && !heard.includes(row.text)) {
          heard.push(row.text)
          waiting.get(row.text)?.()
        }
    },
  )
  const hear = (text: string) =>
    heard.includes(text) ? Promise.resolve() : new Promise<void>((resolve) => waiting.set(text, resolve))
  await hear('Hello, I am Echo.')
  await ana.send({ person: person.id }, 'one')
  await hear('You said: one')
  await ana.send({ person: person.id }, 'two')
  await hear('You said: two')
  expect(heard).toEqual(['Hello, I am Echo.', 'You said: one', 'You said: two'])
})
