// Takes the pictures of the README and the guide from the demo school: node journeys/pictures.ts
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BrowserContextOptions, chromium } from '@playwright/test'
import playwrightConfig from './playwright.config.ts'
import { startProduct } from './product.ts'

const folder = fileURLToPath(new URL('../docs/guide/pictures/', import.meta.url))
const data = await mkdtemp(join(tmpdir(), 'sotto-pictures-'))
const product = await startProduct(data, {}, ['--demo'])
const browser = await chromium.launch(playwrightConfig.use?.launchOptions)

async function take(
  name: string,
  options: BrowserContextOptions,
  path: string,
  arrived: string | RegExp,
): Promise<void> {
  const context = await browser.newContext({
    baseURL: product.url,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    ...options,
  })
  const page = await context.newPage()
  await page.goto('/sign-in')
  await page.getByLabel('User name').fill('tom.becker')
  await page.getByLabel('Password', { exact: true }).fill('school-by-the-sea')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('link', { name: /Ana Moreau/ }).waitFor()
  if (path === 'thread') await page.getByRole('link', { name: /Ana Moreau/ }).click()
  else if (path !== '/') await page.goto(path)
  await page.getByText(arrived).filter({ visible: true }).first().waitFor()
  await page.waitForTimeout(1_000)
  await page.screenshot({ path: join(folder, `${name}.png`) })
  await context.close()
}

const desk = { viewport: { width: 1440, height: 900 } }
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
await take('thread-light', { ...desk, colorScheme: 'light' }, 'thread', 'Write it down exactly like that')
await take('thread-dark', { ...desk, colorScheme: 'dark' }, 'thread', 'Write it down exactly like that')
await take('thread-phone', { ...phone, colorScheme: 'light' }, 'thread', 'Write it down exactly like that')
await take('list-phone', { ...phone, colorScheme: 'dark' }, '/', 'Ana Moreau')
await take('people', { ...desk, colorScheme: 'light' }, '/people', 'Ben Okafor')
await take('preferences', { ...desk, colorScheme: 'dark' }, '/you/preferences', 'High contrast')
await browser.close()
await product.stop()
await rm(data, { recursive: true, force: true })
