import type { Locator, Page } from '@playwright/test'
import { bothThemes, composer, expect, expectNoBarriers, test } from './stage.ts'

const notForMe = 'You cannot see this thread, or it does not exist'

/** Chooses in a field that finds people by name. */
async function pick(field: Locator, name: string): Promise<void> {
  await field.fill(name)
  await field
    .page()
    .getByRole('option', { name: new RegExp(name) })
    .click()
}

async function write(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', composer).fill(text)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('log').getByText(text)).toBeVisible()
}

test('a school day: who teaches reads along, writes to all and to each, and what is reported is decided', async ({
  stage,
}) => {
  test.setTimeout(240_000)
  for (const name of ['tess.castro', 'ana.moreau', 'ben.okafor', 'dora.lind']) await stage.person(name)
  const rita = await stage.signIn('rita')
  const tess = await stage.signIn('tess.castro')
  const ana = await stage.signIn('ana.moreau')
  const ben = await stage.signIn('ben.okafor')
  /** She is at the same school and in another class: what is for 5b is not for her. */
  const dora = await stage.signIn('dora.lind')

  await test.step('the admin says who teaches whom, and what a teacher may do', async () => {
    await rita.goto('/admin/roles')
    await rita.getByRole('button', { name: 'New role' }).click()
    await rita.getByLabel('Name').fill('Teacher')
    for (const permission of [
      'Find people in the directory',
      'Begin private threads',
      'See and join listed channels',
      'Make channels',
      'Write to many people at once',
    ])
      await rita.getByLabel(permission).check()
    await rita.getByRole('button', { name: 'Make the role' }).click()
    await expect(rita.getByText('Teacher was saved.')).toBeVisible()
    await rita.getByRole('link', { name: 'People', exact: true }).last().click()
    await rita.getByRole('combobox', { name: 'Role of Tess Castro' }).selectOption('Teacher')

    await rita.goto('/admin/relationships?part=circles')
    await rita.getByLabel('New circle').fill('Class 5b')
    await rita.getByRole('button', { name: 'Make the circle' }).click()
    for (const name of ['Ana Moreau', 'Ben Okafor']) {
      await pick(rita.getByRole('combobox', { name: 'Add a person' }), name)
      await expect(rita.getByRole('button', { name: `Take out: ${name}` })).toBeVisible()
    }
    await rita.getByRole('link', { name: 'Relationships' }).last().click()
    await rita.getByRole('button', { name: 'New relationship' }).click()
    await pick(rita.getByRole('group', { name: 'From' }).getByRole('combobox', { name: 'A person' }), 'Tess Castro')
    const to = rita.getByRole('group', { name: 'To' })
    await to.getByLabel('Kind').selectOption('A circle')
    await to.getByRole('combobox', { name: 'A circle', exact: true }).selectOption('Class 5b')
    await rita.getByRole('button', { name: 'Set', exact: true }).click()
    await expect(rita.getByText('Tess Castro teaches Class 5b')).toBeVisible()
  })

  let newsAddress = ''
  await test.step('the teacher makes the channel of the class, where she writes and all read', async () => {
    await expect(dora.getByRole('link', { name: 'Channels' })).toBeVisible()
    await tess.getByRole('link', { name: 'Channels' }).click()
    await tess.getByRole('button', { name: 'New channel' }).first().click()
    await tess.getByLabel('Name').fill('5b news')
    await tess.getByRole('radio', { name: 'By invitation' }).check()
    await tess.getByRole('switch', { name: 'Announcements' }).click()
    await tess.getByRole('button', { name: 'Make the channel' }).click()
    await expect(tess.getByRole('region', { name: 'Channel 5b news' })).toBeVisible()
    newsAddress = new URL(tess.url()).pathname
    await tess.getByRole('link', { name: 'About 5b news' }).click()
    await tess.getByRole('button', { name: 'Add people' }).click()
    const dialog = tess.getByRole('dialog')
    for (const name of ['Ana Moreau', 'Ben Okafor']) await dialog.getByRole('checkbox', { name }).check({ force: true })
    await dialog.getByRole('button', { name: 'Add', exact: true }).click()
    await expect(dialog).toHaveCount(0)
    await tess.getByRole('link', { name: 'Close the details' }).click()
    await write(tess, 'No lessons on Friday.')

    for (const pupil of [ana, ben]) {
      await pupil.getByRole('link', { name: /5b news.*No lessons on Friday/ }).click()
      await expect(pupil.getByRole('log').getByText('No lessons on Friday.')).toBeVisible()
      await expect(pupil.getByText('Only moderators write here.')).toBeVisible()
      await expect(pupil.getByRole('textbox', composer)).toHaveCount(0)
    }
    await expectNoBarriers(ana, 'an announcement', bothThemes)
    // To a stranger it looks as if it did not exist.
    await dora.goto(newsAddress)
    await expect(dora.getByText(notForMe)).toBeVisible()
    await expect(dora.getByText('No lessons on Friday.')).toHaveCount(0)
  })

  await test.step('a channel for all is found by all, and that of the class by nobody else', async () => {
    await tess.getByRole('link', { name: 'Channels' }).click()
    await tess.getByRole('button', { name: 'New channel' }).first().click()
    await tess.getByLabel('Name').fill('5b talk')
    await tess.getByRole('button', { name: 'Make the channel' }).click()
    await expect(tess.getByRole('region', { name: 'Channel 5b talk' })).toBeVisible()
    for (const pupil of [ana, ben]) {
      await pupil.getByRole('link', { name: 'Channels' }).click()
      await pupil.getByRole('link', { name: /5b talk/ }).click()
      await pupil.getByRole('button', { name: 'Join' }).click()
      await expect(pupil.getByRole('textbox', composer)).toBeVisible()
    }
    await dora.goto('/channels')
    await expect(dora.getByRole('link', { name: /5b talk/ })).toBeVisible()
    await expect(dora.getByRole('link', { name: /5b news/ })).toHaveCount(0)
    await dora.keyboard.press('Control+k')
    await dora.keyboard.type('5b')
    await expect(dora.getByRole('option', { name: /5b talk/ })).toBeVisible()
    await expect(dora.getByRole('option', { name: /5b news/ })).toHaveCount(0)
    await dora.keyboard.press('Escape')
  })

  await test.step('two pupils read before their first word who reads along', async () => {
    await ana.getByRole('link', { name: 'People', exact: true }).first().click()
    await ana
      .getByRole('button', { name: /Ben Okafor/ })
      .first()
      .click()
    await expect(ana.getByRole('note')).toHaveText(/^Tess Castro, who is .*your teacher.*, reads this thread\.$/)
    await expectNoBarriers(ana, 'the small window of a pupil', bothThemes)
    await ana.keyboard.press('Escape')
    // Nobody reads along where neither is a pupil of hers.
    await dora.goto('/people')
    await dora
      .getByRole('button', { name: /Rita Sommer/ })
      .first()
      .click()
    await expect(dora.getByText('You, Rita Sommer and your organisation can read')).toBeVisible()
    await expect(dora.getByRole('note')).toHaveCount(0)

    await ana.keyboard.press('Control+k')
    await ana.keyboard.type('ben')
    await ana
      .getByRole('option', { name: /Ben Okafor/ })
      .first()
      .click()
    await expect(ana.getByRole('note')).toHaveText(/^Tess Castro, who is .*your teacher.*, reads this thread\.$/)
    await expectNoBarriers(ana, 'before the first message', bothThemes)
    await write(ana, 'Shall we swap seats?')
    await expect(
      ana.getByText('Supervised: you, Ben Okafor, Tess Castro and your organisation can read').first(),
    ).toBeVisible()
    await expect(ana.getByText('Tess Castro reads along from here on.')).toBeVisible()
    await ben.getByRole('link', { name: /Ana Moreau.*Shall we swap seats/ }).click()
    await expect(ben.getByText(/^Supervised: you, Ana Moreau, Tess Castro/).first()).toBeVisible()

    await tess
      .getByRole('link', { name: /(Ana Moreau and Ben Okafor|Ben Okafor and Ana Moreau).*Ana: Shall we swap/ })
      .click()
    const log = tess.getByRole('log')
    await expect(log.getByText('Shall we swap seats?')).toBeVisible()
    await expect(log.getByRole('button', { name: 'Ana Moreau' })).toBeVisible()
    await expect(tess.getByText('You read along as a supervisor.')).toBeVisible()
    await expect(tess.getByRole('textbox', composer)).toHaveCount(0)
    await expect(tess.getByRole('button', { name: 'Invite by link' })).toHaveCount(0)
    await expectNoBarriers(tess, 'a thread one supervises', bothThemes)
    await write(ben, 'Gladly.')
    await expect(log.getByText('Gladly.')).toBeVisible()
    await dora.goto(new URL(tess.url()).pathname)
    await expect(dora.getByText(notForMe)).toBeVisible()
    await expect(dora.getByText('Gladly.')).toHaveCount(0)
  })

  await test.step('a message to the class reaches each by name, in a thread of their own', async () => {
    await tess.getByRole('button', { name: 'New', exact: true }).click()
    await tess.locator('#new-thread').getByRole('link', { name: 'Message to many' }).click()
    await tess.getByRole('checkbox', { name: /Class 5b/ }).check()
    await tess.getByLabel('Message', { exact: true }).fill('Good morning, ')
    await tess.getByRole('button', { name: 'Insert first name' }).click()
    const preview = tess.getByRole('region', { name: 'Preview' })
    await expect(preview.getByText('2 people get it.')).toBeVisible()
    await expect(preview.getByText(/^Good morning, (Ana|Ben)$/)).toBeVisible()
    await expectNoBarriers(tess, 'a message to many', bothThemes)
    await tess.getByRole('button', { name: 'Send', exact: true }).click()
    await tess.getByRole('dialog').getByRole('button', { name: 'Send to 2 people' }).click()
    await expect(tess.getByText('Done.')).toBeVisible()
    await expect(tess.getByRole('link', { name: /Ana Moreau\s*Sent/ })).toBeVisible()
    await expect(tess.getByRole('link', { name: /Ben Okafor\s*Sent/ })).toBeVisible()
    await expectNoBarriers(tess, 'the progress of a message to many', bothThemes)

    for (const [pupil, own, others] of [
      [ana, 'Ana', 'Ben'],
      [ben, 'Ben', 'Ana'],
    ] as const) {
      await pupil.getByRole('link', { name: new RegExp(`Tess Castro.*Good morning, ${own}`) }).click()
      await expect(pupil.getByRole('log').getByText(`Good morning, ${own}`)).toBeVisible()
      await expect(pupil.getByRole('region', { name: 'Thread with Tess Castro' })).toBeVisible()
      await expect(pupil.getByText(`Good morning, ${others}`)).toHaveCount(0)
    }
    await write(ana, 'Good morning, Ms Castro')
    await expect(ben.getByText('Good morning, Ms Castro')).toHaveCount(0)
    await expect(tess.getByRole('link', { name: 'Chats' }).getByText('1', { exact: true })).toBeVisible()
    await dora.goto('/')
    await expect(dora.getByText('No chats yet')).toBeVisible()
    // Both have read it by now, and the list says so without a reload.
    await tess.getByRole('combobox', { name: 'Recipients' }).selectOption('unread')
    await expect(tess.getByText('Nobody found')).toBeVisible()
    await expect(tess.getByRole('definition').nth(1)).toHaveText('2')
  })

  const bad = 'Nobody wants you in this class'
  await test.step('a pupil reports a message, and whoever moderates reads it and decides', async () => {
    for (const page of [ben, ana]) await page.getByRole('link', { name: /5b talk/ }).click()
    await write(ben, bad)
    const message = ana.getByRole('log').getByRole('article').filter({ hasText: bad })
    await message.hover()
    await message.getByRole('button', { name: 'What to do with' }).click()
    await ana.getByRole('menuitem', { name: 'Report' }).click()
    await ana.getByLabel('What is wrong').selectOption('harassment')
    await ana.getByLabel('What the moderators should know').fill('It is not the first time.')
    await expectNoBarriers(ana, 'a report', bothThemes)
    await ana.getByRole('dialog').getByRole('button', { name: 'Report', exact: true }).click()
    await expect(ana.getByText('Thank you. The moderators have been told')).toBeVisible()
    await ana.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()

    // Nobody comes into the queue by its address alone.
    await tess.goto('/admin/reports')
    await expect(tess).not.toHaveURL(/admin/)
    await rita.goto('/admin/reports')
    await rita.getByRole('link', { name: /A message of Ben Okafor.*Reported by Ana Moreau/ }).click()
    await expect(rita.getByRole('blockquote').filter({ hasText: bad })).toBeVisible()
    await expect(rita.getByText('It is not the first time.')).toBeVisible()
    await rita.getByRole('radio', { name: 'Take out of the conversation' }).check()
    await rita.getByLabel('For how long').selectOption('7 days')
    await rita.getByLabel('Note to both sides').fill('We have talked to both of you.')
    await expectNoBarriers(rita, 'a report before the moderators', bothThemes)
    await rita.getByRole('button', { name: 'Decide' }).click()
    await expect(rita.getByText('Decided. Both sides have been told.')).toBeVisible()
  })

  await test.step('who is taken out loses it on the open page, and what comes after never arrives', async () => {
    await expect(ben.getByRole('heading', { name: 'You are no longer in 5b talk' })).toBeVisible({ timeout: 2_000 })
    await expect(ben.getByRole('textbox', composer)).toHaveCount(0)
    await expect(ben.getByRole('link', { name: /5b talk/ })).toHaveCount(0)
    await write(ana, 'Who comes to the museum?')
    await expect(ben.getByText('Who comes to the museum?')).toHaveCount(0)
    const bens = ben.getByRole('list', { name: 'From the moderators' })
    await expect(bens.getByText('You were taken out of a chat.')).toBeVisible()
    await expect(bens.getByText('We have talked to both of you.')).toBeVisible()
    await expect(ben.getByText('Ana Moreau reported')).toHaveCount(0)
    await expectNoBarriers(ben, 'a channel one was taken out of', bothThemes)
    const anas = ana.getByRole('list', { name: 'From the moderators' })
    await expect(anas.getByText('Your report was looked at')).toBeVisible()
    await expect(anas.getByText('The person was taken out.')).toBeVisible()
    await expectNoBarriers(ana, 'a notice', bothThemes)
    await anas.getByRole('button', { name: 'Put away' }).click()
    await expect(anas).toHaveCount(0)

    await ben.reload()
    await expect(ben.getByText(notForMe)).toBeVisible()
    await expect(ben.getByText('Who comes to the museum?')).toHaveCount(0)
    await expect(ben.getByText(bad)).toHaveCount(0)
    await expect(bens.getByText('You were taken out of a chat.')).toBeVisible()
    // The other channel and the thread are still his.
    await ben.getByRole('link', { name: /5b news/ }).click()
    await expect(ben.getByRole('log').getByText('No lessons on Friday.')).toBeVisible()
    // It is listed for all, and he cannot come back into it.
    await ben.getByRole('link', { name: 'Channels' }).click()
    await ben.getByRole('link', { name: /5b talk/ }).click()
    stage.allow(/403/)
    await expect(ben.getByRole('heading', { name: 'You were taken out of this channel' })).toBeVisible()
    await expect(ben.getByText('Who comes to the museum?')).toHaveCount(0)
    await dora.goto(`/channels/${new URL(ben.url()).pathname.split('/').at(-1)}`)
    await expect(dora.getByText('Who comes to the museum?')).toBeVisible()
    await ana.reload()
    await expect(ana.getByRole('log').getByText('Who comes to the museum?')).toBeVisible()
  })
})
