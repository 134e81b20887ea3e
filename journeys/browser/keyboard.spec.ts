import type { Page } from '@playwright/test'
import type { ClientId } from '@sotto/protocol'
import { expect, idOf, password, test } from './stage.ts'

/** Hands on the keys alone. After every key it looks that something has the focus and that one can see what. */
function keysOf(page: Page) {
  const look = () =>
    page.evaluate(() => {
      const element = document.activeElement
      if (!element || element === document.body) return 'nothing has the focus'
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element)
      const { width, height, top, bottom } = element.getBoundingClientRect()
      // A field to type in has its caret. A hidden checkbox shows it on its label, an item of a menu by its ground, a menu by being there.
      const label = element.closest('label')
      const shows =
        (outlineStyle !== 'none' && outlineWidth !== '0px') ||
        boxShadow !== 'none' ||
        element.matches('textarea, input:not([type=checkbox], [type=radio])') ||
        (label !== null && getComputedStyle(label).backgroundColor !== 'rgba(0, 0, 0, 0)') ||
        element.hasAttribute('data-highlighted')
      const isOnScreen = bottom > 0 && top < innerHeight && ((width > 1 && height > 1) || label !== null)
      if (shows && isOnScreen) return ''
      const name = element.getAttribute('aria-label') || element.textContent?.trim() || element.id
      return `the focus does not show on ${element.tagName} ${name.slice(0, 60)}`
    })
  async function press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      await page.keyboard.press(key)
      await expect.poll(look, { message: `after ${key}`, intervals: [0, 30, 60, 120, 250] }).toBe('')
    }
  }
  /** Goes on with a key until what has the focus is called this. */
  async function goTo(name: string | RegExp, key = 'Tab', most = 60): Promise<void> {
    const passed: string[] = []
    for (let count = 0; count <= most; count++) {
      const is = await nameOf(page)
      if (typeof name === 'string' ? is === name : name.test(is)) return
      passed.push(is)
      await press(key)
    }
    throw new Error(`no ${name} on the way: ${passed.join(' → ')}`)
  }
  return { press, goTo, type: (text: string) => page.keyboard.type(text) }
}

/** As a screen reader calls what has the focus. */
async function nameOf(page: Page): Promise<string> {
  const focused = page.locator('body :focus')
  if ((await focused.count()) === 0) return ''
  const snapshot = (await focused.ariaSnapshot()).split('\n')[0] ?? ''
  return (/"((?:[^"\\]|\\.)*)"/.exec(snapshot)?.[1] ?? '').replaceAll(/\\(.)/g, '$1').replaceAll("''", "'")
}

async function signIn(page: Page, name: string): Promise<ReturnType<typeof keysOf>> {
  const keys = keysOf(page)
  await page.goto('/sign-in')
  await expect(page.getByLabel('User name')).toBeVisible()
  await keys.goTo('User name')
  await keys.type(name)
  await keys.goTo('Password')
  await keys.type(password)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('navigation').first()).toBeVisible()
  return keys
}

test('with the keys alone: sign in, find a channel, join it, write, look who is in it, report a message', async ({
  stage,
}) => {
  test.setTimeout(120_000)
  const ben = await stage.person('ben.okafor')
  await stage.person('ana.moreau')
  const rita = await stage.signIn('rita')
  await rita.goto('/channels')
  await rita.getByRole('button', { name: 'New channel' }).first().click()
  await rita.getByLabel('Name').fill('chess')
  await rita.getByRole('button', { name: 'Make the channel' }).click()
  await expect(rita.getByRole('region', { name: 'Channel chess' })).toBeVisible()
  const { channels } = await ben.call('channels.list', {})
  const conversation = channels[0]?.conversation as NonNullable<(typeof channels)[0]>['conversation']
  await ben.call('channels.join', { conversation })
  await ben.call('messages.send', {
    conversation,
    clientId: crypto.randomUUID() as ClientId,
    text: 'You play like a mule',
  })

  const page = await stage.open()
  const { press, goTo, type } = await signIn(page, 'ana.moreau')
  await press('Control+k')
  await type('chess')
  await expect(page.getByRole('option', { name: 'chess' })).toBeVisible()
  await press('Enter')
  await expect(page.getByText('You play like a mule')).toBeVisible()
  await goTo('Join')
  await press('Enter')
  await expect(page.getByRole('textbox', { name: 'Message chess' })).toBeFocused()
  await type('May I play?')
  await press('Enter')
  await expect(page.getByRole('log').getByText('May I play?')).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Message chess' })).toBeFocused()

  // Into the details and back to where one was.
  await goTo('About chess', 'Shift+Tab')
  await press('Enter')
  const details = page.getByRole('complementary', { name: 'About this channel' })
  await expect(details).toBeFocused()
  await expect(details.getByText('Ben Okafor')).toBeVisible()
  await goTo('Leave')
  await press('Enter')
  await expect(page.getByRole('dialog')).toBeVisible()
  await press('Escape')
  await expect(details.getByRole('button', { name: 'Leave' })).toBeFocused()
  await goTo('Close the details', 'Shift+Tab')
  await press('Enter')
  await expect(details).toHaveCount(0)
  await expect(page.getByRole('link', { name: 'About chess' })).toBeFocused()

  await goTo('Message chess')
  await press('Shift+Tab')
  await goTo(/You play like a mule/, 'ArrowUp')
  await press('Enter')
  await expect(page.getByRole('menu')).toBeVisible()
  await goTo('Report', 'ArrowDown')
  await press('Enter')
  await goTo('What is wrong')
  await press('ArrowDown')
  await expect(page.getByLabel('What is wrong')).toHaveValue('spam')
  await goTo(/^What the moderators should know/)
  await type('He always says that.')
  await goTo('Report')
  await press('Enter')
  await expect(page.getByText('Thank you. The moderators have been told')).toBeVisible()
  await goTo('Close')
  await press('Enter')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  // Back in the message: on it, or on what of it had the focus last.
  const inMessage = () => page.evaluate(() => Boolean(document.activeElement?.closest('[role="article"], article')))
  await expect.poll(inMessage).toBe(true)
  await press('Escape')
  await expect(page.getByRole('textbox', { name: 'Message chess' })).toBeFocused()
})

test('with the keys alone: decide a report, ban a member and let them back, search the record', async ({ stage }) => {
  test.setTimeout(120_000)
  const ben = await stage.person('ben.okafor')
  const ana = await stage.person('ana.moreau')
  const page = await stage.open()
  const { press, goTo, type } = await signIn(page, 'rita')
  // A channel, with the keys too.
  await goTo('Channels')
  await press('Enter')
  await goTo('New channel')
  await press('Enter')
  await expect(page.getByLabel('Name')).toBeFocused()
  await type('chess')
  await press('Enter')
  await expect(page.getByRole('region', { name: 'Channel chess' })).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Message chess' })).toBeFocused()
  const { channels } = await ben.call('channels.list', {})
  const conversation = channels[0]?.conversation as NonNullable<(typeof channels)[0]>['conversation']
  for (const one of [ben, ana]) await one.call('channels.join', { conversation })
  const text = 'You play like a mule'
  const { id } = await ben.call('messages.send', { conversation, clientId: crypto.randomUUID() as ClientId, text })
  const person = await idOf(ana, 'ben')
  await ana.call('reports.make', { conversation, message: id, person, reason: 'harassment' })

  await goTo('Admin', 'Shift+Tab')
  await press('Enter')
  await goTo('Reports')
  await press('Enter')
  await expect(page.getByRole('heading', { name: 'Reports', level: 1 })).toBeVisible()
  await expect(page.getByRole('link', { name: /A message of Ben Okafor/ })).toBeVisible()
  await goTo(/^A message of Ben Okafor/)
  await press('Enter')
  await expect(page.getByRole('radio', { name: 'Dismiss' })).toBeVisible()
  await goTo('Dismiss')
  await press('ArrowDown', 'ArrowDown')
  await expect(page.getByRole('radio', { name: 'Delete the message' })).toBeChecked()
  await goTo(/^Note to both sides/)
  await type('Be kind.')
  await goTo('Decide')
  await press('Enter')
  await expect(page.getByText('Decided. Both sides have been told.')).toBeVisible()
  await expect(page.locator(':focus')).toContainText('Message deleted, by Rita Sommer')
  await goTo('Back to the reports', 'Shift+Tab')
  await press('Enter')
  await expect(page.getByText('No open reports')).toBeVisible()

  await goTo('Audit', 'Shift+Tab')
  await press('Enter')
  await expect(page.getByRole('combobox', { name: 'To whom' })).toBeVisible()
  await goTo('What')
  await type('Report d')
  await goTo('To whom')
  await type('ben')
  // Faster than the answer: it is still Ben who is chosen.
  await press('Enter')
  await expect(page.getByRole('button', { name: 'Take Ben Okafor out' })).toBeFocused()
  await goTo('Show')
  await press('Enter')
  await expect(page.getByText('Rita Sommer decided a report about Ben Okafor.')).toBeVisible()
  await expect(page.getByText('Rita Sommer signed in.')).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Show', exact: true })).toBeFocused()

  await press('Control+k')
  await type('chess')
  await expect(page.getByRole('option', { name: /chess/ }).first()).toBeVisible()
  await press('Enter')
  await expect(page.getByRole('textbox', { name: 'Message chess' })).toBeFocused()
  await goTo('About chess', 'Shift+Tab')
  await press('Enter')
  const details = page.getByRole('complementary', { name: 'About this channel' })
  await expect(details.getByRole('button', { name: 'What to do about Ben Okafor' })).toBeVisible()
  await goTo('What to do about Ben Okafor')
  await press('Enter')
  await goTo('Remove', 'ArrowDown')
  await press('Enter')
  await expect(page.getByLabel('May not come back for')).toBeFocused()
  // Esc takes it back.
  await press('Escape')
  await expect(details.getByRole('button', { name: 'What to do about Ben Okafor' })).toBeFocused()
  await press('Enter')
  await goTo('Remove', 'ArrowDown')
  await press('Enter')
  await press('ArrowDown')
  await goTo('Remove')
  await press('Enter')
  await expect(details.getByRole('button', { name: 'What to do about Ben Okafor' })).toHaveCount(0)
  const bans = details.getByRole('region', { name: 'May not come back' })
  await expect(bans.getByText('Ben Okafor')).toBeVisible()
  await goTo('Let back Ben Okafor')
  await press('Enter')
  await expect(bans).toHaveCount(0)
  await press('Tab')
})
