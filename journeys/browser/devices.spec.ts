import type { Page } from '@playwright/test'
import { composer, expect, idOf, test, textsWith } from './stage.ts'

test('several tabs are one device: one connection, and the next tab takes over when the leader closes', async ({
  stage,
}) => {
  const ben = await stage.person('ben.okafor')
  await stage.person('ana.moreau')
  const anaId = await idOf(ben, 'ana.moreau')
  const first = await stage.signIn('ana.moreau')
  await ben.send({ person: anaId }, 'Hello')
  await first.getByRole('link', { name: /Ben Okafor/ }).click()
  const second = await first.context().newPage()
  await second.goto(first.url())
  await expect(second.getByRole('log').getByText('Hello')).toBeVisible()
  await second.getByRole('textbox', composer).fill('From the second tab')
  await second.keyboard.press('Enter')
  await expect(first.getByRole('log').getByText('From the second tab')).toHaveCount(1)
  // The programs of Rita, Ana and Ben, and one for both tabs.
  await expect.poll(() => sockets(stage.product.url)).toBe(4)

  await first.close()
  await ben.send({ person: anaId }, 'Still there?')
  await expect(second.getByRole('log').getByText('Still there?')).toBeVisible()
  await second.getByRole('textbox', composer).fill('Yes')
  await second.keyboard.press('Enter')
  await expect(second.getByRole('log').getByText('Yes', { exact: true })).toHaveCount(1)
  await expect.poll(() => sockets(stage.product.url)).toBe(4)
})

test('a device that is signed out elsewhere is out within a second', async ({ stage }) => {
  await stage.person('ana.moreau')
  const phone = await stage.signIn('ana.moreau')
  const laptop = await stage.signIn('ana.moreau')
  await laptop.goto('/you/devices')
  await laptop
    .getByRole('button', { name: /^Sign out (?!on)/ })
    .first()
    .click()
  await expect(phone.getByRole('button', { name: 'Sign in' })).toBeVisible({ timeout: 3_000 })
  await expect(phone.getByText('You were signed out on this device.')).toBeVisible()
})

test('a leading tab that stands still is overtaken by the next, and nothing is doubled when it moves again', async ({
  stage,
}) => {
  const ben = await stage.person('ben.okafor')
  await stage.person('ana.moreau')
  const anaId = await idOf(ben, 'ana.moreau')
  const first = await stage.signIn('ana.moreau')
  await ben.send({ person: anaId }, 'Hello')
  await first.getByRole('link', { name: /Ben Okafor/ }).click()
  const second = await first.context().newPage()
  await second.goto(first.url())
  await expect(second.getByRole('log').getByText('Hello')).toBeVisible()

  const thaw = await freeze(first)
  await second.getByRole('textbox', composer).fill('While the first stands still')
  await second.keyboard.press('Enter')
  await expect.poll(() => textsWith(ben, anaId), { timeout: 15_000 }).toHaveLength(2)
  await ben.send({ person: anaId }, 'I can read you')
  await expect(second.getByRole('log').getByText('I can read you')).toBeVisible()

  await thaw()
  const said = ['Hello', 'While the first stands still', 'I can read you']
  await expect(first.getByRole('log').getByRole('article')).toHaveText(said.map((text) => new RegExp(text)))
  await first.getByRole('textbox', composer).fill('Both of us again')
  await first.keyboard.press('Enter')
  await expect.poll(() => textsWith(ben, anaId)).toEqual([...said, 'Both of us again'])
  await expect(second.getByRole('log').getByText('Both of us again')).toHaveCount(1)
  await expect.poll(() => sockets(stage.product.url)).toBe(4)
})

test('what is typed on one device can be finished on another, and is gone there when it was sent', async ({
  stage,
}) => {
  const ben = await stage.person('ben.okafor')
  await stage.person('ana.moreau')
  const anaId = await idOf(ben, 'ana.moreau')
  await ben.send({ person: anaId }, 'When do you come?')
  const laptop = await stage.signIn('ana.moreau')
  const phone = await stage.signIn('ana.moreau', { viewport: { width: 390, height: 844 } })
  for (const device of [laptop, phone]) await device.getByRole('link', { name: /Ben Okafor/ }).click()

  await laptop.getByRole('textbox', composer).pressSequentially('On Friday, with')
  await expect(phone.getByRole('textbox', composer)).toHaveValue('On Friday, with')
  await phone.getByRole('textbox', composer).press('End')
  await phone.getByRole('textbox', composer).pressSequentially(' the children')
  await expect(laptop.getByRole('textbox', composer)).toHaveValue('On Friday, with the children')
  await phone.getByRole('button', { name: 'Send' }).click()
  await expect(laptop.getByRole('log').getByText('On Friday, with the children')).toHaveCount(1)
  await expect(laptop.getByRole('textbox', composer)).toHaveValue('')
  await laptop.reload()
  await expect(laptop.getByRole('log').getByText('On Friday, with the children')).toHaveCount(1)
  await expect(laptop.getByRole('textbox', composer)).toHaveValue('')
  await expect.poll(() => textsWith(ben, anaId)).toEqual(['When do you come?', 'On Friday, with the children'])
})

async function sockets(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return Number(/^sotto_sockets (\d+)/m.exec(metrics)?.[1])
}

/**
 * Lets a tab stand still, its worker with it, and returns how to let it go on. Chromium freezes no worker when it is asked to freeze
 * a page, so the debugger holds both at their next statement: locks stay held, connections open, and all that comes waits.
 */
async function freeze(page: Page): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page)
  const workers: string[] = []
  const tell = (sessionId: string, id: number, method: string) =>
    session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method }) })
  session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    // The service worker belongs to all tabs.
    if (targetInfo.type === 'worker') workers.push(sessionId)
  })
  await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false })
  expect(workers).toHaveLength(1)
  for (const worker of workers) {
    await tell(worker, 1, 'Debugger.enable')
    await tell(worker, 2, 'Debugger.pause')
  }
  await session.send('Debugger.enable')
  await session.send('Debugger.pause')
  return async () => {
    // Not `resume`: what had nothing to do meanwhile was never held.
    for (const worker of workers) await tell(worker, 3, 'Debugger.disable')
    await session.send('Debugger.disable')
    await session.detach()
  }
}
