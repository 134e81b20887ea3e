// Takes the pictures of the README and the guide from the demo school: node journeys/pictures.ts [name …]
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BrowserContextOptions, chromium, type Page } from '@playwright/test'
import playwrightConfig from './playwright.config.ts'
import { startProduct } from './product.ts'

const folder = fileURLToPath(new URL('../docs/guide/pictures/', import.meta.url))
const wanted = process.argv.slice(2)
const data = await mkdtemp(join(tmpdir(), 'sotto-pictures-'))
const product = await startProduct(data, {}, ['--demo'])
const browser = await chromium.launch(playwrightConfig.use?.launchOptions)

const desk = { viewport: { width: 1440, height: 900 } }
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
const light = { colorScheme: 'light' } as const
const dark = { colorScheme: 'dark' } as const

/** `go` leads from the first screen to the one that is wanted, and waits until it has arrived. */
async function take(
  name: string,
  who: string,
  options: BrowserContextOptions,
  go: (page: Page) => Promise<unknown>,
): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(name)) return
  const context = await browser.newContext({
    baseURL: product.url,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    ...options,
  })
  const page = await context.newPage()
  await page.goto('/sign-in')
  await page.getByLabel('User name').fill(who)
  await page.getByLabel('Password', { exact: true }).fill('school-by-the-sea')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('link', { name: /Announcements/ }).waitFor()
  await go(page)
  await page.waitForTimeout(1_000)
  await page.screenshot({ path: join(folder, `${name}.png`) })
  await context.close()
}

const open = (link: RegExp) => (page: Page) => page.getByRole('link', { name: link }).first().click()
const at = (path: string, arrived: string) => async (page: Page) => {
  await page.goto(path)
  await page.getByText(arrived).filter({ visible: true }).first().waitFor()
}

const withAna = async (page: Page) => {
  await open(/Ana Moreau/)(page)
  await page.getByText('Write it down exactly like that').filter({ visible: true }).first().waitFor()
}
await take('thread-light', 'tom.becker', { ...desk, ...light }, withAna)
await take('thread-dark', 'tom.becker', { ...desk, ...dark }, withAna)
await take('thread-phone', 'tom.becker', { ...phone, ...light }, withAna)
await take('list-phone', 'tom.becker', { ...phone, ...dark }, async () => {})
await take('people', 'tom.becker', { ...desk, ...light }, at('/people', 'Ben Okafor'))
await take('preferences', 'tom.becker', { ...desk, ...dark }, at('/you/preferences', 'High contrast'))

await take('channel', 'tom.becker', { ...desk, ...light }, async (page) => {
  await open(/Class 5a/)(page)
  await page.getByRole('link', { name: 'About Class 5a' }).click()
  await page.getByRole('button', { name: 'Hugo Silva', exact: true }).waitFor()
})
await take('supervised-phone', 'tom.becker', { ...phone, ...dark }, async (page) => {
  await open(/Clara Holm/)(page)
  await page.getByText('Half is enough').filter({ visible: true }).first().waitFor()
})
await take('bulk', 'tom.becker', { ...desk, ...light }, async (page) => {
  await page.goto('/you/bulk')
  await page.getByRole('checkbox', { name: /Class 5a/ }).check()
  const text = page.getByRole('textbox', { name: 'Message', exact: true })
  await text.fill('Dear {firstName}, tomorrow we meet at the gate at half past eight. Bring a jumper.')
  await text.scrollIntoViewIfNeeded()
})
await take('report', 'ines.castro', { ...desk, ...light }, async (page) => {
  await page.goto('/admin/reports')
  await open(/Finn Murphy/)(page)
  await page.getByText('David cannot count to five').first().waitFor()
})
await take('who-may-what', 'ines.castro', { ...desk, ...light }, async (page) => {
  await page.goto('/admin/relationships?part=ask')
  for (const name of ['Ana Moreau', 'Ben Okafor']) {
    const field = page.getByPlaceholder('Name of a person').first()
    await field.fill(name)
    await page.getByRole('option', { name }).click()
  }
  await page.locator('form').getByRole('button').last().click()
  await page.getByText('Who could read it').or(page.getByText('Tom Becker')).first().waitFor()
})
await take('audit', 'ines.castro', { ...desk, ...dark }, at('/admin/audit', 'reported Finn Murphy'))
await browser.close()
await product.stop()
await rm(data, { recursive: true, force: true })
