import { readFile } from 'node:fs/promises'
import { createClient } from '@sotto/client'
import { expect, expectNoBarriers, idOf, password, test } from './stage.ts'

/** Every page an owner sees, with something on it that says it has arrived. */
const pages = [
  ['People', 'Role of Rita Sommer'],
  ['Invitations', 'Links in use'],
  ['Roles', 'Built-in roles'],
  ['Channels', 'New channel'],
  ['Reports', 'No open reports'],
  ['Relationships', 'New relationship'],
  ['Organisation', 'Word filter'],
  ['Audit', 'Verify the record'],
  ['Health', 'Up since'],
] as const

test('a role that was made is given, and counts at once; who has none sees no admin area', async ({ stage }) => {
  test.setTimeout(180_000)
  const ana = await stage.person('ana.moreau')
  const anaPage = await stage.signIn('ana.moreau')
  await expect(anaPage.getByRole('link', { name: 'People', exact: true })).toBeVisible()
  await expect(anaPage.getByRole('link', { name: 'Admin' })).toHaveCount(0)

  const rita = await stage.signIn('rita')
  await rita.goto('/admin/roles')
  await rita.getByRole('button', { name: 'New role' }).click()
  await rita.getByLabel('Name').fill('Auditor')
  await rita.getByLabel('Read the audit record').check()
  await rita.getByRole('button', { name: 'Make the role' }).click()
  await expect(rita.getByText('Auditor was saved.')).toBeVisible()

  await rita.goto('/admin/people')
  await rita.getByRole('combobox', { name: 'Role of Ana Moreau' }).selectOption('Auditor')
  await anaPage.getByRole('link', { name: 'Admin' }).click()
  await expect(anaPage.getByText('Rita Sommer made Ana Moreau Auditor.')).toBeVisible()
  await expect(
    anaPage.getByRole('navigation', { name: 'Admin' }).getByRole('link', { name: 'Audit', exact: true }),
  ).toBeVisible()
  await expect(
    anaPage.getByRole('navigation', { name: 'Admin' }).getByRole('link', { name: 'Roles', exact: true }),
  ).toHaveCount(0)
  // Whoever reads the record finds those who are in it, and nobody elsewhere.
  await anaPage.getByRole('combobox', { name: 'Who did it' }).fill('rita')
  await anaPage.getByRole('option', { name: /Rita Sommer/ }).click()
  await anaPage.getByRole('button', { name: 'Show' }).click()
  await expect(anaPage.getByText('Rita Sommer made Ana Moreau Auditor.')).toBeVisible()
  await expect(anaPage.getByText(/Ana Moreau signed in/)).toHaveCount(0)
  // The address of a page one may not see leads elsewhere.
  await anaPage.goto('/admin/roles')
  await expect(anaPage).not.toHaveURL(/admin/)

  // Somebody else is faster: nothing of theirs is overwritten unseen.
  await rita.goto('/admin/roles')
  await rita.getByRole('button', { name: 'Change Auditor' }).click()
  const other = await rita.context().newPage()
  await other.goto('/admin/roles')
  await other.getByRole('button', { name: 'Change Auditor' }).click()
  await other.getByLabel('Make groups').check()
  await other.getByRole('button', { name: 'Save' }).click()
  await expect(other.getByText('Auditor was saved.')).toBeVisible()
  stage.allow(/409/)
  await rita.getByLabel('Make channels').check()
  await rita.getByRole('button', { name: 'Save' }).click()
  await expect(rita.getByText('Somebody else has changed Auditor in the meantime.')).toBeVisible()
  await rita.getByRole('button', { name: 'take theirs' }).click()
  await expect(rita.getByLabel('Make groups')).toBeChecked()
  await expect(rita.getByLabel('Make channels')).not.toBeChecked()
  await rita.getByRole('button', { name: 'Cancel' }).click()
  await rita.getByRole('button', { name: 'Delete Auditor' }).click()
  await expect(rita.getByText('This role is still in use')).toBeVisible()
  await ana.close()
})

test('channels are looked after by somebody who is in none of them and reads none', async ({ stage }) => {
  const ana = await stage.person('ana.moreau')
  const rita = createClient({ url: stage.product.url })
  await rita.signIn({ name: 'rita', password })
  await rita.call('roles.create', { role: 'keeper', name: 'Keeper', permissions: ['channels.manage'] })
  await rita.call('people.setRole', { person: await idOf(rita, 'ana.moreau'), role: 'keeper' })
  const clientId = () => crypto.randomUUID() as never
  const { card } = await rita.call('channels.create', { clientId: clientId(), name: 'Back room', listed: false })
  const { conversation } = card
  await rita.call('messages.send', { conversation, clientId: clientId(), text: 'the canary' })
  const page = await stage.signIn('ana.moreau')
  await page.goto('/admin/channels')
  const list = page.getByRole('list', { name: 'Channels' })
  await expect(list.getByText('Back room', { exact: true })).toBeVisible()
  await expect(list.getByRole('link', { name: 'Back room' })).toHaveCount(0)
  await page.getByRole('button', { name: 'Change Back room' }).click()
  await page.getByLabel('Who writes').selectOption('owner')
  const detailsNow = async () => (await rita.call('conversations.get', { conversation })).head.details
  await expect.poll(async () => (await detailsNow()).rights.post).toBe('owner')
  await expectNoBarriers(page, 'changing a channel')
  await page.getByLabel('Name', { exact: true }).fill('Front room')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Front room was saved.')).toBeVisible()
  await page.getByRole('button', { name: 'Archive Front room' }).click()
  await expect.poll(async () => (await detailsNow()).closed).toBe(true)
  await page.getByRole('button', { name: 'Delete Front room' }).click()
  await page.getByLabel('Type Front room to confirm').fill('Front room')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByText('Front room was deleted.')).toBeVisible()
  await expect(list).toHaveCount(0)
  expect((await rita.call('conversations.heads', {})).heads).toEqual([])
  expect((await ana.call('conversations.heads', {})).heads).toEqual([])
  await rita.close()
})

test('somebody is suspended and comes back with a new password, and the record tells', async ({ stage }) => {
  await stage.person('ben.okafor')
  const ben = await stage.signIn('ben.okafor')
  const rita = await stage.signIn('rita', { acceptDownloads: true })
  await rita.goto('/admin/people')
  await rita.getByRole('button', { name: 'More about Ben Okafor' }).click()
  const dialog = rita.getByRole('dialog')
  await dialog.getByLabel('Reason').fill('Shared exam answers')
  await dialog.getByRole('button', { name: 'Suspend' }).click()
  await expect(dialog.getByText('Ben Okafor is suspended.')).toBeVisible()
  await expect(ben).toHaveURL(/sign-in/)
  await dialog.getByRole('button', { name: 'Lift the suspension' }).click()
  await expect(dialog.getByText('Ben Okafor can sign in again.')).toBeVisible()
  await dialog.getByRole('button', { name: 'Reset password' }).click()
  const link = await dialog.getByLabel('Link to set a new password').inputValue()
  await rita.keyboard.press('Escape')

  const again = await stage.open()
  await again.goto(link)
  await again.getByLabel('New password', { exact: true }).fill('another horse battery')
  await again.getByRole('button', { name: 'Set password' }).click()
  await again.getByRole('link', { name: 'Sign in' }).click()
  await again.getByLabel('User name').fill('ben.okafor')
  await again.getByLabel('Password', { exact: true }).fill(password)
  stage.allow(/401/)
  await again.getByRole('button', { name: 'Sign in' }).click()
  await expect(again.getByText('The name or the password is wrong.')).toBeVisible()
  await again.getByLabel('Password', { exact: true }).fill('another horse battery')
  await again.getByRole('button', { name: 'Sign in' }).click()
  await expect(again.getByRole('navigation').first()).toBeVisible()

  await rita.getByRole('link', { name: 'Audit', exact: true }).click()
  await rita.getByRole('combobox', { name: 'To whom' }).fill('ben')
  await rita.getByRole('option', { name: /Ben Okafor/ }).click()
  await rita.getByRole('button', { name: 'Show', exact: true }).click()
  await expect(rita.getByText('Rita Sommer suspended Ben Okafor.')).toBeVisible()
  await expect(rita.getByText('Rita Sommer reset the password of Ben Okafor.')).toBeVisible()
  await expect(rita.getByText('Rita Sommer signed in.')).toHaveCount(0)
  await rita.getByRole('button', { name: 'Verify the record' }).click()
  await expect(rita.getByText(/^The record is whole/)).toBeVisible()
  const [file] = await Promise.all([
    rita.waitForEvent('download'),
    rita.getByRole('button', { name: 'Export as CSV' }).click(),
  ])
  const csv = await readFile(await file.path(), 'utf8')
  expect(csv).toContain('person.suspended')
  expect(csv).not.toContain('instance.set_up')
})

test('relationships come in from a file that is looked at first, and the simulator says why', async ({ stage }) => {
  const ana = await stage.person('ana.moreau')
  await stage.person('ben.okafor')
  const rita = await stage.signIn('rita')
  await rita.goto('/admin/relationships?part=import')
  const choose = (name: string, csv: string) =>
    rita.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(csv) })
  await choose('faulty.csv', 'from,kind,to\nana.moreau,teacher-of,nobody.here\n')
  await expect(rita.getByRole('cell', { name: 'nobody.here' })).toBeVisible()
  await expect(rita.getByRole('button', { name: 'Show' })).toHaveCount(0)
  await choose('good.csv', 'from,kind,to\nana.moreau,teacher-of,ben.okafor\n')
  await expect(rita.getByText('good.csv would set 1 new')).toBeVisible()
  await rita.getByRole('button', { name: 'Apply' }).click()
  await expect(rita.getByText('Done: 1 new')).toBeVisible()
  await rita.getByRole('link', { name: 'Who may what' }).click()
  for (const [field, name] of [
    ['This person', 'Ana Moreau'],
    ['with this one', 'Ben Okafor'],
  ] as const) {
    await rita.getByRole('combobox', { name: field }).fill(name)
    await rita.getByRole('option', { name: new RegExp(name) }).click()
  }
  await rita.getByRole('button', { name: 'Ask' }).click()
  await expect(rita.getByText('Ana Moreau may begin a thread with Ben Okafor')).toBeVisible()
  await expect(rita.getByText(/^because Ana Moreau teaches Ben Okafor/).first()).toBeVisible()
  expect(await idOf(ana, 'ben.okafor')).toBeTruthy()
})

test('with the keyboard alone through every page of the admin area', async ({ stage }) => {
  const page = await stage.signIn('rita')
  await page.goto('/admin/people')
  const menu = page.getByRole('navigation', { name: 'Admin' })
  await expect(menu).toBeVisible()
  await menu.getByRole('link', { name: 'People' }).focus()
  for (const [place, arrived] of pages) {
    if (place !== 'People') await page.keyboard.press('Tab')
    await expect(page.locator(':focus')).toHaveText(place)
    await page.keyboard.press('Enter')
    await expect(page.getByRole('heading', { name: place, level: 1 })).toBeVisible()
    await expect(page.getByText(arrived).or(page.getByLabel(arrived)).first()).toBeVisible()
    await expect(menu.getByRole('link', { name: place, exact: true })).toHaveAttribute('aria-current', 'page')
  }
})
