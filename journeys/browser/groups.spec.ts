import { createClient } from '@sotto/client'
import { composer, expect, expectNoBarriers, idOf, password, test } from './stage.ts'

/** A picture of one dot. */
const dot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='

test('a group is made, named, talked in, and whoever is taken out loses it at once', async ({ stage }) => {
  await stage.person('ben.okafor')
  const carla = await stage.person('carla.conti')
  const rita = await stage.signIn('rita')
  await rita.getByRole('button', { name: 'New', exact: true }).click()
  await rita.getByRole('button', { name: 'Make a group' }).click()
  await expect(rita.getByLabel('Name of the group')).toBeFocused()
  await rita.keyboard.type('Science')
  await rita.keyboard.press('Tab')
  // With the keys alone: find, choose, the next one.
  await rita.keyboard.type('ben')
  await expect(rita.getByRole('checkbox')).toHaveCount(1)
  await rita.keyboard.press('Enter')
  await expect(rita.getByRole('button', { name: 'Ben Okafor Take out' })).toBeVisible()
  await expectNoBarriers(rita, 'making a group')
  await rita.getByRole('button', { name: 'Make the group' }).click()
  await expect(rita.getByRole('region', { name: 'Group Science' })).toBeVisible()
  await expect(rita.getByText('Managed: 2 members and the organisation’s admins can read').first()).toBeVisible()
  await rita.getByRole('textbox', composer).fill('Hello everybody')
  await rita.keyboard.press('Enter')

  const ben = await stage.signIn('ben.okafor')
  await ben.getByRole('link', { name: /Science.*Rita: Hello everybody/ }).click()
  const log = ben.getByRole('log')
  await expect(log.getByText('Hello everybody')).toBeVisible()
  await expect(log.getByText('Rita Sommer added you.')).toBeVisible()
  await ben.getByRole('textbox', composer).fill('Hello Rita')
  await ben.keyboard.press('Enter')
  await expect(rita.getByRole('log').getByRole('button', { name: 'Ben Okafor' })).toBeVisible()
  await expectNoBarriers(ben, 'a group')

  // Pinned for everybody; the line about it opens into the list, which leads to the message.
  await log.getByText('Hello everybody').hover()
  await log
    .getByRole('article', { name: /Hello everybody/ })
    .getByRole('button', { name: 'What to do with this message' })
    .click()
  await ben.getByRole('menuitem', { name: 'Pin' }).click()
  await expect(rita.getByRole('log').getByText('Ben Okafor pinned a message.')).toBeVisible()
  const line = rita.getByRole('button', { name: '1 pinned message Hello everybody' })
  await line.click()
  await expectNoBarriers(rita, 'the pinned messages')
  const pins = rita.getByRole('list', { name: 'Pinned messages' })
  await pins.getByRole('button', { name: /Rita Sommer.*Hello everybody/ }).click()
  await expect(pins).toHaveCount(0)
  await expect(rita.getByRole('article', { name: /Hello everybody/ })).toBeFocused()
  await line.click()
  await pins.getByRole('button', { name: 'Unpin' }).click()
  await expect(line).toHaveCount(0)
  await expect(log.getByText('Rita Sommer took a message from the pinned ones.')).toBeVisible()

  // Renamed, and everybody sees by whom.
  await rita.getByRole('link', { name: 'About Science' }).click()
  const details = rita.getByRole('complementary', { name: 'About this group' })
  await expect(details.getByText('Ben Okafor')).toBeVisible()
  await expectNoBarriers(rita, 'the details')
  await details.getByRole('button', { name: 'Change name and topic' }).click()
  await details.getByLabel('Name', { exact: true }).fill('Science week')
  await details.getByRole('button', { name: 'Save' }).click()
  await expect(log.getByText('Rita Sommer changed the name to “Science week”.')).toBeVisible()
  await expect(ben.getByRole('region', { name: 'Group Science week' })).toBeVisible()

  // A picture stands wherever the sign of the group stood.
  await expect(ben.getByRole('link', { name: /Science week/ }).locator('img')).toHaveCount(0)
  await details.getByRole('button', { name: 'Change name and topic' }).click()
  await details.getByLabel('Choose a picture').setInputFiles({
    name: 'dot.png',
    mimeType: 'image/png',
    buffer: Buffer.from(dot, 'base64'),
  })
  await expect(details.getByRole('button', { name: 'Change picture' })).toBeVisible()
  await expectNoBarriers(rita, 'changing what a group is')
  await details.getByRole('button', { name: 'Cancel' }).click()
  await expect(
    ben
      .getByRole('link', { name: /Science week/ })
      .locator('img')
      .first(),
  ).toBeVisible()
  await expect(ben.getByRole('log').getByText('Rita Sommer changed the picture.')).toBeVisible()

  // Who may write is said in place of the field.
  await details.getByLabel('Who writes').selectOption('moderator')
  await expect(ben.getByText('Only moderators write here.')).toBeVisible()
  await details.getByLabel('Who writes').selectOption('member')
  await expect(ben.getByRole('textbox', composer)).toBeVisible()

  // The only owner hears why not, and stays.
  await details.getByRole('button', { name: 'Leave' }).click()
  await rita.getByRole('dialog').getByRole('button', { name: 'Leave' }).click()
  await expect(rita.getByText('You are its only owner, and there is always one.')).toBeVisible()
  await rita.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()

  // By link, into what is said from then on.
  await details.getByRole('button', { name: 'Invite by link' }).click()
  await rita.getByRole('button', { name: 'Make the link' }).click()
  const link = await rita.getByLabel('Invitation link').inputValue()
  await rita.keyboard.press('Escape')
  const third = await stage.signIn('carla.conti')
  await third.goto(link)
  await third.getByRole('button', { name: 'Join' }).click()
  await expect(third.getByRole('region', { name: 'Group Science week' })).toBeVisible()
  await expect(third.getByText('You joined.')).toBeVisible()
  await expect(third.getByText('Hello everybody')).toHaveCount(0)
  await expect(details.getByText('Carla Conti')).toBeVisible()

  await details.getByRole('button', { name: 'What to do about Ben Okafor' }).click()
  await rita.getByRole('menuitem', { name: 'Remove' }).click()
  await details.getByRole('button', { name: 'Remove', exact: true }).click()
  await expect(ben.getByRole('heading', { name: 'You are no longer in Science week' })).toBeVisible()
  await expect(ben.getByText('Hello everybody')).toHaveCount(0)
  await expect(ben.getByRole('link', { name: /Science week/ })).toHaveCount(0)
  await expect(rita.getByRole('log').getByText('You removed Ben Okafor.')).toBeVisible()
  await expectNoBarriers(ben, 'a group one is no longer in')
  await carla.close()
})

test('a pinned message far back is one step away, and the end is too', async ({ stage }) => {
  const ben = await stage.person('ben.okafor')
  const clientId = () => crypto.randomUUID() as never
  const people = [await idOf(ben, 'rita')]
  const { conversation } = (await ben.call('groups.create', { clientId: clientId(), name: 'Science', people })).card
  const say = (text: string) => ben.call('messages.send', { conversation, clientId: clientId(), text })
  const { id } = await say('The plan of the year')
  await ben.call('messages.pin', { conversation, message: id, pinned: true })
  let last = 0
  for (let count = 1; count <= 500; count++) last = (await say(`message ${count}`)).place
  // Whoever has read everything begins at the end.
  const reader = createClient({ url: stage.product.url })
  await reader.signIn({ name: 'rita', password })
  await reader.call('receipts.read', { conversation, place: last })
  await reader.close()
  const rita = await stage.signIn('rita')
  await rita.goto(`/t/${conversation}`)
  const plan = rita.getByRole('article', { name: /The plan of the year/ })
  await expect(rita.getByRole('article', { name: /message 500/ })).toBeInViewport()
  await expect(plan).toHaveCount(0)
  await rita.getByRole('button', { name: /1 pinned message/ }).click()
  await rita
    .getByRole('list', { name: 'Pinned messages' })
    .getByRole('button', { name: /The plan/ })
    .click()
  await expect(plan).toBeFocused()
  await expect(plan).toBeInViewport()
  await rita.getByRole('button', { name: /Jump to latest/ }).click()
  await expect(rita.getByRole('article', { name: /message 500/ })).toBeInViewport()
})

test('a channel is found, looked at, joined and left, and goes with its name', async ({ stage }) => {
  const ben = await stage.person('ben.okafor')
  await stage.person('ana.moreau')
  const rita = await stage.signIn('rita')
  await rita.getByRole('link', { name: 'Channels' }).click()
  await rita.getByRole('button', { name: 'New channel' }).first().click()
  await expect(rita.getByLabel('Name')).toBeFocused()
  await rita.keyboard.type('chess')
  await rita.getByLabel('Topic').fill('Openings and endings')
  await rita.getByLabel('Category').fill('Clubs')
  await expectNoBarriers(rita, 'making a channel')
  await rita.getByRole('button', { name: 'Make the channel' }).click()
  await expect(rita.getByRole('region', { name: 'Channel chess' })).toBeVisible()
  await rita.getByRole('textbox', composer).fill('Who plays on Thursday?')
  await rita.keyboard.press('Enter')
  await expect(rita.getByRole('log').getByText('Who plays on Thursday?')).toBeVisible()

  // A name is there once.
  const taken = rita.getByText('There is a channel of this name already.')
  await rita.getByRole('link', { name: 'Channels' }).click()
  await rita.getByRole('button', { name: 'New channel' }).first().click()
  await rita.getByLabel('Name').fill('Chess')
  await rita.getByRole('button', { name: 'Make the channel' }).click()
  await expect(taken).toBeVisible()
  await rita.keyboard.press('Escape')

  const ana = await stage.signIn('ana.moreau')
  await ana.keyboard.press('Control+k')
  await expect(ana.getByRole('combobox')).toBeFocused()
  await ana.keyboard.type('chess')
  await expect(ana.getByRole('option', { name: 'chess' })).toBeVisible()
  await ana.keyboard.press('Enter')
  await expect(ana.getByRole('heading', { name: 'chess' })).toBeVisible()
  await expect(ana.getByText('Who plays on Thursday?')).toBeVisible()
  await expect(ana.getByRole('heading', { name: 'Clubs' })).toBeVisible()
  await expectNoBarriers(ana, 'a channel before one joins')
  await expect(ana.getByRole('button', { name: 'New channel' })).toHaveCount(0)
  await ana.getByRole('button', { name: 'Join' }).click()
  await expect(ana.getByRole('region', { name: 'Channel chess' })).toBeVisible()
  await expect(ana.getByText('everybody here who may browse channels can join and read').first()).toBeVisible()
  await ana.getByRole('textbox', composer).fill('I do')
  await ana.keyboard.press('Enter')
  await expect(rita.getByRole('link', { name: 'Chats' }).getByText('1', { exact: true })).toBeVisible()

  await ana.getByRole('link', { name: 'About chess' }).click()
  await ana.getByRole('button', { name: 'Leave' }).click()
  await ana.getByRole('dialog').getByRole('button', { name: 'Leave' }).click()
  await expect(ana.getByRole('link', { name: /chess/ })).toHaveCount(0)
  await ana.getByRole('link', { name: 'Channels' }).click()
  await expect(ana.getByRole('link', { name: /chess/ })).toBeVisible()
  await expect(ana.getByText('Joined')).toHaveCount(0)

  // Whoever looks on while it is deleted loses it too.
  const { channels } = await ben.call('channels.list', {})
  const conversation = channels[0]?.conversation as NonNullable<(typeof channels)[0]>['conversation']
  await ben.call('channels.join', { conversation })
  await ana.getByRole('link', { name: /chess/ }).click()
  await rita.goto(`/t/${conversation}/details`)
  await rita.getByRole('button', { name: 'Delete channel' }).click()
  const remove = rita.getByRole('dialog').getByRole('button', { name: 'Delete channel' })
  await expect(remove).toBeDisabled()
  await rita.getByLabel(/Type its name/).fill('chess')
  await remove.click()
  await expect(rita.getByRole('heading', { name: 'No channels yet' })).toBeVisible()
  await expectNoBarriers(rita, 'no channels')
  await expect.poll(async () => (await ben.call('conversations.heads', {})).heads.length).toBe(0)
  expect(await idOf(ben, 'rita')).toBeTruthy()
})

test('on a phone a group and its details are one pane at a time', async ({ stage }) => {
  const ben = await stage.person('ben.okafor')
  const { card } = await ben.call('groups.create', {
    clientId: crypto.randomUUID() as never,
    name: 'A group with a rather long name for a small screen',
    people: [await idOf(ben, 'rita')],
  })
  const page = await stage.signIn('rita', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)
  await page.getByRole('link', { name: /A group with/ }).click()
  await expect(page.getByRole('textbox', composer)).toBeVisible()
  expect(await fits()).toBe(true)
  await page.getByRole('link', { name: /^About/ }).click()
  await expect(page.getByRole('complementary')).toBeVisible()
  await expect(page.getByRole('textbox', composer)).toBeHidden()
  expect(await fits()).toBe(true)
  const small = await page.evaluate(() =>
    [...document.querySelectorAll('button, a, input, select')].flatMap((element) => {
      const { width, height } = element.getBoundingClientRect()
      const isInline = element.closest('h1, p, [role=log]')
      const isInLabel = element.closest('label')
      return width > 1 && height > 1 && !isInline && !isInLabel && (width < 44 || height < 44)
        ? [`${element.textContent || element.ariaLabel} ${width}×${height}`]
        : []
    }),
  )
  expect(small).toEqual([])
  await page.goBack()
  await expect(page.getByRole('textbox', composer)).toBeVisible()
  for (const path of ['/channels', `/t/${card.conversation}`]) {
    await page.goto(path)
    await page.waitForTimeout(300)
    expect(await fits(), path).toBe(true)
  }
})
