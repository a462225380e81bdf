import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser of this machine, if it has one. */
export const executablePath = places.find((path) => existsSync(path))

/** For tests that need one: loud, so that nobody takes a skipped proof for a proof. */
export const skip = executablePath ? false : `NOT PROVED: none of ${places.join(', ')} is there`

/** Nothing but the page under test is asked for anything. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath, args })
}

/** A page in a profile of its own. What the page complains about is collected: a good page complains about nothing. */
export async function openPage(browser: Browser, t: Test, address: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  t.teardown(() => context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.setDefaultTimeout(15_000)
  await page.goto(address)
  return { page, context, complaints }
}

/** The visible rows, from the top. */
export function rowsOf(page: Page) {
  return page.locator('.row').evaluateAll((rows) =>
    rows
      .map((row) => ({ at: Number(row.getAttribute('aria-posinset')), text: row.textContent ?? '' }))
      .sort((a, b) => a.at - b.at)
      .map(({ text }) => text)
  )
}
