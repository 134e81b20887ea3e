import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, test as base, expect, type Page } from '@playwright/test'
import { type Client, createClient } from '@sotto/client'
import type { PersonId } from '@sotto/protocol'
import axe from 'axe-core'
import { type Product, startProduct } from '../product.ts'

export { expect } from '@playwright/test'
export const password = 'correct horse battery'
/** The field to write in, whoever the thread is with. */
export const composer = { name: /^Message / }

export interface Stage {
  readonly product: Product
  /** A browser profile of its own. Whatever its console complains about fails the journey. */
  open(options?: BrowserContextOptions): Promise<Page>
  /** A person made without a browser, with a client of their own. */
  person(name: string): Promise<Client>
  /** A new profile in which this person is signed in. */
  signIn(name: string, options?: BrowserContextOptions): Promise<Page>
  /** Says that the console may complain in this way. */
  allow(complaint: RegExp): void
}

/** A product of its own for each journey; set up with an admin called Rita unless the journey does that by itself. */
export const test = base.extend<{ stage: Stage; fresh: Stage }>({
  fresh: async ({ browser }, use) => runStage(browser, use, false),
  stage: async ({ browser }, use) => runStage(browser, use, true),
})

async function runStage(browser: Browser, use: (stage: Stage) => Promise<void>, ready: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sotto-journey-'))
  const product = await startProduct(folder)
  const complaints: string[] = []
  const allowed: RegExp[] = []
  const clients: Client[] = []
  const pages: Page[] = []
  let admin: Client | undefined
  if (ready) {
    admin = createClient({ url: product.url })
    clients.push(admin)
    const setup = new URL(product.setup).hash.slice(1)
    await admin.setUp({ setup, instance: 'Harbour School', name: 'rita', displayName: 'Rita Sommer', password })
  }

  const stage: Stage = {
    product,
    allow: (complaint) => void allowed.push(complaint),
    async open(options = {}) {
      const context = await browser.newContext({ baseURL: product.url, ...options })
      const page = await context.newPage()
      pages.push(page)
      page.on('pageerror', (error) => complaints.push(`${error.name}: ${error.message}`))
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
      })
      return page
    },
    async person(name) {
      if (!admin) throw new Error('the journey sets itself up')
      const { token } = await admin.call('invitations.create', { role: 'member', uses: 1, expiresInHours: 1 })
      const client = createClient({ url: product.url })
      clients.push(client)
      const displayName = name
        .split('.')
        .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
        .join(' ')
      await client.signUp({ name, displayName, password, invitation: token })
      return client
    },
    async signIn(name, options) {
      const page = await stage.open(options)
      await page.goto('/sign-in')
      await page.getByLabel('User name').fill(name)
      await page.getByLabel('Password', { exact: true }).fill(password)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await expect(page.getByRole('navigation').first()).toBeVisible()
      return page
    },
  }
  await use(stage)
  for (const page of pages) await page.context().close()
  for (const client of clients) await client.close()
  await product.stop()
  await rm(folder, { recursive: true, force: true })
  expect(complaints.filter((complaint) => !allowed.some((pattern) => pattern.test(complaint)))).toEqual([])
}

export async function idOf(client: Client, name: string): Promise<PersonId> {
  const { people } = await client.call('people.list', { prefix: name })
  return (people[0] as { id: PersonId }).id
}

/** That axe finds no barrier on what the page shows now, in the colours it has or in several. */
export async function expectNoBarriers(page: Page, where: string, themes: readonly Theme[] = []): Promise<void> {
  expect(await findBarriers(page, where, themes)).toEqual([])
}

/** What axe finds. Everything is looked at in the first theme, and what depends on colours in the others. */
export async function findBarriers(page: Page, where: string, themes: readonly Theme[] = []): Promise<string[]> {
  // What is still fading in has colours of its own.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  // Once for as long as the page is not loaded anew: it is as large as the app.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  const found: string[] = []
  for (const theme of themes.length > 0 ? themes : [null]) {
    const only = theme === (themes[0] ?? null) ? {} : { runOnly: ['color-contrast', 'link-in-text-block'] }
    const violations = await page.evaluate(
      async ({ theme, only }) => {
        if (theme) document.documentElement.dataset.theme = theme
        const moves = () => document.getAnimations().some(({ playState }) => playState === 'running')
        for (let still = 0; still < 2; still = moves() ? 0 : still + 1) await new Promise(requestAnimationFrame)
        // What is shut off behind a dialog is dimmed on purpose.
        const seen = { exclude: ['[data-aria-hidden]'] }
        const { violations } = await window.axe.run(seen, { resultTypes: ['violations'], ...only })
        return violations.map(({ id, nodes }) => `${id} at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
      },
      { theme, only },
    )
    found.push(...violations.map((violation) => `${where}${theme ? ` (${theme})` : ''}: ${violation}`))
  }
  return found
}
declare global {
  interface Window {
    axe: typeof axe
  }
}
type Theme = 'dark' | 'light' | 'contrast'
/** The one that most see last, so that the page is left in it. */
export const bothThemes = ['dark', 'light'] as const

/** What a client has of its thread with a person. */
export function textsWith(client: Client, person: PersonId): string[] {
  let texts: string[] = []
  const window = { anchor: 'end', before: 200, after: 0 } as const
  const stop = client.watch('conversation', { target: { person }, window }, ({ rows }) => {
    texts = rows.flatMap((row) => (row.kind === 'message' ? [row.text] : []))
  })
  stop()
  return texts
}
