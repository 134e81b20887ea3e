import type { Page } from '@playwright/test'
import type { Client } from '@sotto/client'
import type { PersonId } from '@sotto/protocol'
import { expect, expectNoBarriers, idOf, type Stage, test } from './stage.ts'

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

/** Every address behind the sign-in, with something on it that says it has arrived. */
const places: readonly (readonly [path: string, arrived: RegExp])[] = [
  ['/', /Ben Okafor/],
  ['/archive', /Archive/],
  ['/channels', /No channels yet|Channels/],
  ['/people', /Search by name|People/],
  ['/you', /Profile/],
  ['/you/profile', /Time zone/],
  ['/you/preferences', /Theme/],
  ['/you/devices', /This device/],
  ['/you/password', /New password/],
  ['/admin/organisation', /Word filter/],
  ['/admin/invitations', /New link|Links in use/],
  ['/admin', /Invitations/],
  ['/admin/people', /Rita Sommer/],
  ['/admin/roles', /Built-in roles/],
  ['/admin/channels', /No channel found|Every channel/],
  ['/admin/reports', /No open reports/],
  ['/admin/relationships', /New relationship/],
  ['/admin/audit', /Rita Sommer/],
  ['/admin/health', /Up since/],
]

/** Rita, the admin, with a thread that has a history. */
async function furnish(stage: Stage): Promise<{ ben: Client; rita: PersonId }> {
  const ben = await stage.person('ben.okafor')
  await stage.person('ana.moreau')
  const rita = await idOf(ben, 'rita')
  for (const text of [
    'Good morning.',
    'Have you seen the new timetable?',
    'It is at https://harbour.example/timetable',
  ])
    await ben.send({ person: rita }, text)
  await settled(ben)
  return { ben, rita }
}

function settled(client: Client): Promise<void> {
  return new Promise((resolve) => {
    const stop = client.watch('outbox', {}, ({ waiting }) => {
      if (waiting > 0) return
      setImmediate(() => stop())
      resolve()
    })
  })
}

for (const theme of ['light', 'dark', 'contrast'] as const)
  test(`no screen has a barrier that axe finds, in ${theme}`, async ({ stage }) => {
    test.setTimeout(180_000)
    const { ben } = await furnish(stage)
    for (const path of ['/sign-in', '/join#aaaaaaaaaaaaaaaaaaaaaaaa', '/setup#aaaaaaaaaaaaaaaaaaaaaaaa']) {
      stage.allow(/410/)
      const page = await stage.open({ colorScheme: theme === 'dark' ? 'dark' : 'light' })
      await page.goto(path)
      await expect(page.getByRole('heading').first()).toBeVisible()
      await expectNoBarriers(page, path)
    }
    const page = await stage.signIn('rita', { colorScheme: theme === 'dark' ? 'dark' : 'light' })
    if (theme === 'contrast') {
      await page.goto('/you/preferences')
      await page.getByText('High contrast').click()
      await expect(page.locator('html')).toHaveAttribute('data-theme', /contrast/)
    }
    for (const [path, arrived] of places) {
      await page.goto(path)
      await expect(page.getByText(arrived).first()).toBeVisible()
      await expectNoBarriers(page, path)
    }
    await page.goto('/')
    await page.getByRole('link', { name: /Ben Okafor/ }).click()
    await expect(page.getByRole('log').getByText('Good morning.')).toBeVisible()
    await expectNoBarriers(page, 'a thread')
    await page.keyboard.press('Control+k')
    await expect(page.getByRole('dialog')).toBeVisible()
    await expectNoBarriers(page, 'the switcher')
    await page.keyboard.press('Escape')
    await page.goto('/people')
    await page
      .getByRole('button', { name: /Ana Moreau/ })
      .first()
      .click()
    await expect(page.getByPlaceholder('Private message Ana Moreau')).toBeVisible()
    await expectNoBarriers(page, 'the small window of a person')
    await ben.close()
  })

test('every word on every screen comes from the catalogue', async ({ stage }) => {
  test.setTimeout(120_000)
  await furnish(stage)
  const page = await stage.signIn('rita')
  await page.goto('/?lang=en-XA')
  const hard: string[] = []
  for (const [path] of [...places, ['/sign-in'] as const]) {
    await page.goto(`${path}${path.includes('?') ? '&' : '?'}lang=en-XA`)
    await page.waitForTimeout(400)
    hard.push(...(await hardCodedWords(page)).map((word) => `${path}: ${word}`))
  }
  await page.goto('/?lang=en-XA')
  await page.getByRole('link', { name: /Ben Okafor/ }).click()
  await page.waitForTimeout(400)
  hard.push(...(await hardCodedWords(page)).map((word) => `a thread: ${word}`))
  expect(hard).toEqual([])
  // The pseudo-language was really on: its words are in brackets.
  expect(await page.locator('body').innerText()).toMatch(/\[[^\]]+\]/)
})

/** Visible text and accessible names with a letter in them that are neither from the catalogue (in brackets) nor what a person wrote. */
async function hardCodedWords(page: Page): Promise<string[]> {
  const written = [
    /Ben Okafor|Ana Moreau|Rita Sommer|Harbour School|ben\.okafor|ana\.moreau|rita|Good morning|timetable|127\.0\.0\.1|It is at|Chrome on Linux|A program/,
  ]
  const found = await page.evaluate(() => {
    const texts: string[] = []
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      const parent = node.parentElement
      if (!parent || parent.closest('script, style, noscript, time, option, kbd, [aria-hidden="true"]')) continue
      texts.push(node.textContent?.trim() ?? '')
    }
    for (const element of document.querySelectorAll('[aria-label], [placeholder], [title], [alt]'))
      for (const name of ['aria-label', 'placeholder', 'title', 'alt'])
        texts.push(element.getAttribute(name)?.trim() ?? '')
    return texts
  })
  return [...new Set(found)].filter(
    (text) => /\p{L}{2}/u.test(text) && !/[[\]]/.test(text) && !written.some((pattern) => pattern.test(text)),
  )
}

test('with the keyboard alone: find somebody, write, move among messages, get help', async ({ stage }) => {
  await furnish(stage)
  const page = await stage.signIn('rita')
  const switcher = page.getByRole('combobox')
  await page.keyboard.press('Control+k')
  await expect(switcher).toBeFocused()
  await page.keyboard.type('ana')
  await expect(page.getByRole('option', { name: /Ana Moreau/ }).first()).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('textbox', { name: /Ana Moreau/ })).toBeFocused()
  await page.keyboard.type('Written without a mouse')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('log').getByText('Written without a mouse')).toBeVisible()

  await page.keyboard.press('Control+k')
  await expect(switcher).toBeFocused()
  await page.keyboard.type('ben')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('log').getByText('Good morning.')).toBeVisible()
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  await expect(page.locator(':focus')).toHaveRole('article')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
})

test('on a phone there is one pane, nothing runs out of the screen, and what one touches is large enough', async ({
  stage,
}) => {
  await furnish(stage)
  const page = await stage.signIn('rita', phone)
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)
  for (const [path] of places) {
    await page.goto(path)
    await page.waitForTimeout(250)
    expect(await fits(), path).toBe(true)
  }
  await page.goto('/')
  await page.getByRole('link', { name: /Ben Okafor/ }).click()
  await expect(page.getByRole('textbox', { name: /^Message / })).toBeVisible()
  await expect(page.getByRole('navigation', { name: 'Chats' })).toBeHidden()
  expect(await fits()).toBe(true)
  const small = await page.evaluate(() =>
    [...document.querySelectorAll('button, a, input, textarea')].flatMap((element) => {
      const { width, height } = element.getBoundingClientRect()
      const isInline = getComputedStyle(element).display === 'inline' || element.closest('h1, p, [role=log]')
      return width > 1 && height > 1 && !isInline && (width < 44 || height < 44)
        ? [`${element.textContent || element.ariaLabel} ${width}×${height}`]
        : []
    }),
  )
  expect(small).toEqual([])
  await page.goBack()
  await expect(page.getByRole('navigation', { name: 'Chats' })).toBeVisible()
})

test('a long thread opens where one stopped reading, and stays bounded however far one goes', async ({ stage }) => {
  test.setTimeout(150_000)
  const { ben, rita } = await furnish(stage)
  for (let index = 1; index <= 400; index++) await ben.send({ person: rita }, `Line ${index}`)
  await settled(ben)
  const page = await stage.signIn('rita')
  await page.getByRole('link', { name: /Ben Okafor/ }).click()
  const log = page.getByRole('log')
  await expect(log.getByText(/new$/).first()).toBeVisible()
  await expect(log.getByText('Good morning.')).toBeVisible()
  await page.getByRole('button', { name: /Jump to latest/ }).click()
  await expect(log.getByText('Line 400', { exact: true })).toBeVisible()
  expect(await log.getByRole('article').count()).toBeLessThan(150)
  await expect(page.getByRole('button', { name: /Jump to latest/ })).toBeHidden()

  // Seen is read: the badge in the list goes.
  await expect(page.getByRole('link', { name: /Ben Okafor/ }).getByText('99+', { exact: true })).toBeHidden()

  // Up again by a few screens: still bounded, and the newest is a jump away.
  await log.hover()
  for (let turn = 0; turn < 30; turn++) {
    await page.mouse.wheel(0, -900)
    await page.waitForTimeout(40)
  }
  expect(await log.getByRole('article').count()).toBeLessThan(150)
  await ben.send({ person: rita }, 'While you were up there')
  await expect(page.getByRole('button', { name: /Jump to latest, 1 unread message/ })).toBeVisible()
})
