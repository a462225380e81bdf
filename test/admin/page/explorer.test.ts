import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import t from 'tap'
import { folderWith } from '../../cli/app.js'
import { swagger } from '../../openapi/swagger.js'
import { startApp } from '../../support/app.js'
import { startServer } from '../../support/server.js'
import { launch, openPage, skip } from '../browser.js'

/* The explorer as people meet it, in the browser of this machine. */

t.setTimeout(120_000)

let browser: Browser
let url: string
let adminUrl: string
t.before(async () => {
  if (skip) return
  ;[browser, { url, adminUrl }] = await Promise.all([launch(), startApp(t)])
})
t.teardown(() => browser?.close())

/** Opens an operation and presses Execute; what the page then shows. */
async function tryOut(page: Page, tag: string, summary: string) {
  await page.locator(`h3[data-tag="${tag}"]`).click()
  const operation = page.locator('.opblock', { hasText: summary }).first()
  await operation.locator('.opblock-summary').click()
  await operation.locator('button.execute').click()
  const live = operation.locator('.live-responses-table')
  await live.waitFor()
  return (await operation.locator('.responses-inner').first().innerText()).replace(/\s+/g, ' ')
}

t.test('what is tried out goes through the proxy and is answered, without logging in', { skip }, async (t) => {
  const { page, complaints } = await openPage(browser, t, `${adminUrl}/explorer`)
  const shown = await tryOut(page, 'Work orders', 'Read a work order')
  t.match(shown, / 200 Response body/)
  t.match(shown, '"PurchaseNumber": "270000001"')
  t.match(shown, 'x-sc-proxy-environment: emulator')
  t.match(await tryOut(page, 'Notes', 'Add a note to a work order'), / 201 Response body.*"id": \d+/)
  t.equal(await page.locator('.authorize, .errors-wrapper').count(), 0)
  t.strictSame(complaints, [])
})

t.test('a description of ones own is shown for the listener that is chosen', { skip }, async (t) => {
  const folder = folderWith(t, { 'api.json': JSON.stringify(swagger) })
  const listeners = JSON.stringify([
    { environment: 'emulator', port: 0 },
    { environment: 'emulator', port: 0, access: 'read-only' }
  ])
  const { app, adminUrl } = await startApp(t, {
    SC_PROXY_PORT: '',
    SC_PROXY_LISTENERS: listeners,
    SC_PROXY_OPENAPI: join(folder, 'api.json')
  })
  const { page, complaints } = await openPage(browser, t, `${adminUrl.replace('127.0.0.1', 'localhost')}/`)
  await page.getByRole('link', { name: 'Explorer' }).click()
  await page.selectOption('#listener', '1')
  await page.locator('.base-url', { hasText: `localhost:${app.listeners[1]?.port}/v3` }).waitFor()
  const shown = await tryOut(page, 'Work orders', 'Read <b>one</b>')
  t.match(shown, `http://localhost:${app.listeners[1]?.port}/v3/workorders/270000001`)
  t.match(shown, / 200 Response body/)
  t.equal(await page.locator('.authorize, .opblock-summary b').count(), 0)
  t.strictSame(complaints, [])
})

t.test('a page of another origin cannot do what the explorer can', { skip }, async (t) => {
  const origin = await startServer(t, (_request, response) => response.end('<!doctype html><title>elsewhere</title>'))
  const { page } = await openPage(browser, t, origin)
  for (const target of [`${url}/v3/trades`, `${adminUrl}/explorer/openapi.json`]) {
    const outcome = `fetch('${target}').then((answer) => answer.status, (error) => error.message)`
    t.equal(await page.evaluate(outcome), 'Failed to fetch')
  }
  const frame = `new Promise((done) => {
    const frame = document.body.appendChild(document.createElement('iframe'))
    frame.onload = () => done(frame.contentDocument === null)
    frame.src = '${adminUrl}/explorer'
  })`
  t.equal(await page.evaluate(frame), true)
})
