import { expect, password, test } from './stage.ts'

test('from the printed link to two people talking', async ({ fresh: stage }) => {
  const rita = await stage.open({ permissions: ['clipboard-read', 'clipboard-write'] })
  await rita.goto(stage.product.setup)
  await rita.getByLabel('Name of your organisation').fill('Harbour School')
  await rita.getByLabel('Your name').fill('Rita Sommer')
  await expect(rita.getByLabel('User name')).toHaveValue('rita.sommer')
  await rita.getByLabel('Password', { exact: true }).fill(password)
  await rita.getByRole('button', { name: 'Start' }).click()

  await expect(rita.getByRole('heading', { name: 'Invite people' })).toBeVisible()
  const link = await rita.getByLabel('Invitation link').inputValue()
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/join#/)
  await rita.getByRole('button', { name: 'Copy' }).click()
  expect(await rita.evaluate(() => navigator.clipboard.readText())).toBe(link)
  await rita.getByRole('button', { name: 'Go to your chats' }).click()
  await expect(rita.getByText('No chats yet')).toBeVisible()

  const ana = await stage.open()
  await ana.goto(link)
  await expect(ana.getByText('Rita Sommer invites you to Harbour School.')).toBeVisible()
  await ana.getByLabel('Your name').fill('Ana Moreau')
  await ana.getByLabel('Password', { exact: true }).fill(password)
  await ana.getByRole('button', { name: 'Join' }).click()

  // Click a name, write in the small window, and the thread is there.
  await ana.getByRole('link', { name: 'People' }).first().click()
  await ana
    .getByRole('button', { name: /Rita Sommer/ })
    .first()
    .click()
  const field = ana.getByPlaceholder('Private message Rita Sommer')
  await field.fill('Good morning, I am here!')
  await field.press('Enter')
  await expect(ana.getByText('Sent to Rita Sommer.')).toBeVisible()

  await expect(rita.getByRole('link', { name: /Ana Moreau.*Good morning, I am here!/ })).toBeVisible()
  await rita.getByRole('link', { name: /Ana Moreau/ }).click()
  await expect(rita.getByText('Managed: you, Ana Moreau and your organisation can read')).toBeVisible()
  await rita.getByRole('textbox', { name: /^Message / }).fill('Welcome, Ana.')
  await rita.keyboard.press('Enter')

  await ana.getByRole('link', { name: 'Open the thread' }).click()
  const log = ana.getByRole('log')
  await expect(log.getByText('Welcome, Ana.')).toBeVisible()
  await ana.getByRole('textbox', { name: /^Message / }).fill('Thank you!')
  await ana.keyboard.press('Enter')
  await expect(rita.getByRole('log').getByText('Thank you!')).toBeVisible()
  await expect(ana.getByRole('log').getByText('Read', { exact: true })).toBeAttached()
  await rita.screenshot({ path: 'test-results/rita.png' })
  await ana.screenshot({ path: 'test-results/ana.png' })
})
