import type { Page } from '@playwright/test'
import { type Client, createClient } from '@sotto/client'
import type { ClientId, PersonId } from '@sotto/protocol'
import { expect, findBarriers, idOf, password, type Stage, test } from './stage.ts'

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

type Places = readonly (readonly [path: string, arrived: RegExp])[]
/** Every address behind the sign-in, with something on it that says it has arrived. */
const places: Places = [
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
  ['/admin/reports', /Decided/],
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

/** Goes there within the app: a page load costs more than everything that is looked at. */
async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate((path) => {
    history.pushState(null, '', path)
    dispatchEvent(new PopStateEvent('popstate'))
  }, path)
}

/** More than what stands at an address: everything that is more than read in a chat, and everything about moderation. */
async function furnishMore(ben: Client, stage: Stage): Promise<Places> {
  const admin = createClient({ url: stage.product.url })
  await admin.signIn({ name: 'rita', password })
  const carla = await stage.person('carla.conti')
  const [rita, ana, benId, carlaId] = await Promise.all(
    ['rita', 'ana', 'ben', 'carla'].map((name) => idOf(admin, name)),
  )
  if (!rita || !ana || !benId || !carlaId) throw new Error('nobody there')
  const clientId = () => crypto.randomUUID() as ClientId
  const group = await admin.call('groups.create', {
    clientId: clientId(),
    name: 'Science',
    people: [ana, benId, carlaId],
  })
  const { conversation } = group.card
  const said = await ben.call('messages.send', { conversation, clientId: clientId(), text: 'Nobody needs your stand' })
  await carla.call('messages.send', { conversation, clientId: clientId(), text: 'I bring two tables.' })
  const about = { conversation, person: benId, reason: 'harassment' } as const
  const { report: decided } = await admin.call('reports.make', { ...about, message: said.id })
  await admin.call('reports.decide', { report: decided, decision: 'message_deleted', note: 'Be kind.' })
  const { report: open } = await admin.call('reports.make', about)
  await admin.call('members.silence', { conversation, person: ana, minutes: 60 })
  await admin.call('members.remove', { conversation, person: carlaId, banMinutes: 600 })
  const channel = await admin.call('channels.create', { clientId: clientId(), name: 'chess', listed: true })
  const circle = await admin.call('circles.create', { name: 'Class 5b' })
  await admin.call('circles.setMembers', { circle: circle.id, add: [ana, benId], remove: [] })
  const always = { fromDate: null, untilDate: null }
  await admin.call('relationships.set', {
    from: { person: rita },
    kind: 'teacher-of',
    to: { circle: circle.id },
    ...always,
  })
  await ben.send({ person: ana }, 'Shall we swap seats?')
  await settled(ben)
  const { heads } = await admin.call('conversations.heads', {})
  const supervised = heads.find(
    ({ conversation, members }) => members === 3 && conversation !== group.card.conversation,
  )
  if (!supervised) throw new Error('nobody reads along')
  const to = { people: [], circles: [circle.id], roles: [] }
  const { bulk } = await admin.call('bulk.send', { clientId: clientId(), to, text: 'Good morning, {firstName}' })
  await admin.call('blocks.set', { person: carlaId, blocked: true })
  await admin.close()
  return [
    [`/t/${conversation}/details`, /May not come back/],
    [`/t/${supervised.conversation}`, /You read along as a supervisor/],
    [`/channels/${channel.card.conversation}`, /No messages yet/],
    [`/t/${channel.card.conversation}`, /This is the beginning of chess/],
    [`/new/${carlaId}`, /Neither of you can write here/],
    ['/you/bulk', /Class 5b/],
    [`/you/bulk/${bulk}`, /Done/],
    [`/admin/reports?report=${open}`, /Note to both sides/],
    [`/admin/reports?state=decided&report=${decided}`, /Message deleted, by/],
    ['/admin/relationships?part=circles', /Class 5b/],
    ['/admin/relationships?part=kinds', /New kind/],
    ['/admin/relationships?part=import', /Choose a file/],
    ['/admin/relationships?part=ask', /What one person may do/],
  ]
}

test('no screen has a barrier that axe finds: wide and narrow, light, dark and in high contrast', async ({ stage }) => {
  test.setTimeout(240_000)
  const found: string[] = []
  const look = async (page: Page, where: string): Promise<void> => {
    await page.setViewportSize({ width: 390, height: 844 })
    found.push(...(await findBarriers(page, `${where} on a phone`, ['light', 'dark'])))
    if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth))
      found.push(`${where} on a phone: runs out of the screen`)
    await page.setViewportSize({ width: 1440, height: 900 })
    found.push(...(await findBarriers(page, where, ['contrast', 'dark', 'light'])))
  }
  const { ben } = await furnish(stage)
  const more = await furnishMore(ben, stage)
  stage.allow(/410/)
  const outside = await stage.open()
  for (const path of ['/sign-in', '/join#aaaaaaaaaaaaaaaaaaaaaaaa', '/setup#aaaaaaaaaaaaaaaaaaaaaaaa']) {
    await outside.goto(path)
    await expect(outside.getByRole('heading').first()).toBeVisible()
    await look(outside, path)
  }
  const page = await stage.signIn('rita')
  for (const [path, arrived] of [...places, ...more]) {
    await goTo(page, path)
    await expect(page.getByText(arrived).filter({ visible: true }).first()).toBeVisible()
    await look(page, path)
  }
  await goTo(page, '/')
  await page
    .getByRole('link', { name: /Ben Okafor/ })
    .first()
    .click()
  await expect(page.getByRole('log').getByText('Good morning.')).toBeVisible()
  await look(page, 'a thread')
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('dialog')).toBeVisible()
  await look(page, 'the switcher')
  await page.keyboard.press('Escape')
  await goTo(page, '/people')
  await page
    .getByRole('button', { name: /Ana Moreau/ })
    .first()
    .click()
  await expect(page.getByPlaceholder('Private message Ana Moreau')).toBeVisible()
  await look(page, 'the small window of a person')
  await page.keyboard.press('Escape')
  await goTo(page, '/channels')
  await page.getByRole('button', { name: 'New channel' }).first().click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await look(page, 'making a channel')
  expect(found).toEqual([])
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
