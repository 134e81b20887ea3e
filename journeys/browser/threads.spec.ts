import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import pg from 'pg'
import { composer, expect, idOf, type Stage, test, textsWith } from './stage.ts'

test('without a network people read, write and reload, and everything arrives once when it is back', async ({
  stage,
}) => {
  stage.allow(/ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|Failed to load resource|WebSocket connection/)
  const ben = await stage.person('ben.okafor')
  await stage.person('ana.moreau')
  const ana = await stage.signIn('ana.moreau')
  const anaId = await idOf(ben, 'ana.moreau')
  await ben.send({ person: anaId }, 'Are you there?')
  await ana.getByRole('link', { name: /Ben Okafor/ }).click()
  const log = ana.getByRole('log')
  await expect(log.getByText('Are you there?')).toBeVisible()
  await ana.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))

  await cutNetwork(ana, stage)
  await expect(ana.getByText('Waiting for network')).toBeVisible()
  await ana.getByRole('textbox', composer).fill('One, written offline')
  await ana.keyboard.press('Enter')
  await ana.getByRole('textbox', composer).fill('Two, written offline')
  await ana.keyboard.press('Enter')
  await expect(log.getByText('Two, written offline')).toBeVisible()
  await expect(ana.getByText('2 to send')).toBeVisible()

  await ana.reload()
  await expect(ana.getByRole('log').getByText('Are you there?')).toBeVisible()
  await expect(ana.getByRole('log').getByText('One, written offline')).toBeVisible()
  await ana.getByRole('textbox', composer).fill('A draft that stays')

  await stage.product.restart()
  await ana.context().setOffline(false)
  await expect(ana.getByText(/Waiting for network/)).toHaveCount(0)
  await expect
    .poll(() => textsWith(ben, anaId))
    .toEqual(['Are you there?', 'One, written offline', 'Two, written offline'])
  await ana.reload()
  await expect(ana.getByRole('textbox', composer)).toHaveValue('A draft that stays')
  await expect(ana.getByRole('log').getByText('One, written offline')).toHaveCount(1)
})

test('a message that is refused says why, stays through a reload, and can be sent again', async ({ stage }) => {
  const ben = await stage.person('ben.okafor')
  await stage.person('ana.moreau')
  const ana = await stage.signIn('ana.moreau')
  await ben.send({ person: await idOf(ben, 'ana.moreau') }, 'Hello')
  await ana.getByRole('link', { name: /Ben Okafor/ }).click()
  const setRole = async (role: string) => {
    const folder = stage.product.dataFolder
    const secret = (await readFile(join(folder, 'postgres-password'), 'utf8')).trim()
    const client = new pg.Client({ host: join(folder, 'postgres'), user: 'sotto', password: secret, database: 'sotto' })
    await client.connect()
    await client.query('update members set role = $1', [role])
    await client.end()
  }
  await setRole('reader')
  await ana.getByRole('textbox', composer).fill('May I?')
  await ana.keyboard.press('Enter')
  await expect(ana.getByText('Not sent.')).toBeVisible()
  await ana.reload()
  await expect(ana.getByText('Not sent.')).toBeVisible()
  await setRole('member')
  await ana.getByRole('button', { name: 'Send again' }).click()
  await expect(ana.getByText('Not sent.')).toBeHidden()
  await expect(ana.getByRole('log').getByText('May I?')).toHaveCount(1)
})

test('a thread by link: an invitation seats one, and the bare link tells nothing', async ({ stage }) => {
  await stage.person('ana.moreau')
  await stage.person('ben.okafor')
  const ana = await stage.signIn('ana.moreau')
  await ana.getByRole('button', { name: 'New', exact: true }).click()
  await ana.getByRole('button', { name: 'Invite someone by link' }).click()
  await ana.getByRole('button', { name: 'Invite by link' }).click()
  await ana.getByRole('button', { name: 'Make the link' }).click()
  const link = await ana.getByLabel('Link to this thread').inputValue()
  expect(link).toContain('/t/')

  const ben = await stage.signIn('ben.okafor')
  await ben.goto(link.split('#')[0] as string)
  await expect(ben.getByText('You cannot see this thread, or it does not exist')).toBeVisible()
  await ben.goto('/t/01a1fd6d-5168-7aab-b4de-764a779852d8')
  await expect(ben.getByText('You cannot see this thread, or it does not exist')).toBeVisible()
  await ben.goto(link)
  await ben.getByRole('button', { name: 'Join' }).click()
  await expect(ben.getByRole('region', { name: 'Thread with Ana Moreau' })).toBeVisible()
  await ana.keyboard.press('Escape')
  await expect(ana.getByRole('region', { name: 'Thread with Ben Okafor' })).toBeVisible()
})

/** Chromium says offline, and lets sockets through all the same: so the server goes too. */
async function cutNetwork(page: Page, stage: Stage): Promise<void> {
  await page.context().setOffline(true)
  await stage.product.kill()
}
