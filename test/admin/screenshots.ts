import { mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { json } from '../support/servicechannel.js'
import { launch, openPage, skip } from './browser.js'
import { startInspected, token } from './inspected.js'

/*
 * The pictures in docs/inspector.md: `npm run screenshots`. Invented data, light, dark and on a phone.
 */

const folder = fileURLToPath(new URL('../../../docs/images/', import.meta.url))

t.setTimeout(180_000)
t.test('pictures of the inspector', { skip }, async (t) => {
  mkdirSync(folder, { recursive: true })
  const { app, url, besideUrl } = await startInspected(t, {
    environment: 'sandbox2',
    beside: 'production',
    quota: { calls: 40, windowSeconds: 60 },
    answer(request, response) {
      const { url: target = '' } = request
      if (target.includes('users')) return json(response, 401, { ErrorCode: 504, ErrorMessage: 'Not authorized' })
      if (target.includes('invoices')) return json(response, 503, { ErrorMessage: 'The invoice is being processed.' })
      if (target.includes('slow')) return void setTimeout(() => json(response, 200, { Slow: true }), 900)
      const order = {
        Id: 2 ** 53,
        Number: 'WO-271828',
        Nte: 250,
        Status: { Primary: 'OPEN', Extended: 'DISPATCH CONFIRMED' }
      }
      const text = JSON.stringify({ ...order, Location: { Id: 2006082, Name: 'Alder Street 12' }, Trade: 'PLUMBING' })
      response.writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json; charset=utf-8' })
      response.end(text.replace('250', '250.0').replace('9007199254740992', '9007199254740993'))
    }
  })
  const call = async (method: string, path: string, agent: string, body?: object, base = url) => {
    const headers = { 'user-agent': agent, ...(body && { 'content-type': 'application/json' }) }
    const answer = await fetch(`${base}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    await answer.text()
  }
  const note = { Note: 'The leak is in the ceiling above aisle 4.', Visibility: 0, NotifyList: [], Nte: 250 }
  const [curl, postman, nightly] = ['curl/8.5.0', 'PostmanRuntime/7.43', 'nightly-sync/2.1']
  for (let i = 0; i < 12; i++) {
    await call('GET', `/v3/workorders/${271820 + i}`, curl)
    if (i % 3 === 0) await call('GET', '/v3/odata/workorders?$top=50&$count=true', postman)
    if (i % 4 === 0) await call('GET', '/v3/users/current', nightly)
    if (i === 5) await call('POST', '/v3/invoices', nightly, { InvoiceNumber: 'A-1' })
  }
  await Promise.all(Array.from({ length: 14 }, (_, i) => call('GET', `/v3/locations/${2006080 + i}`, nightly)))
  await call('GET', '/v3/slow', postman)
  await call('POST', '/v3/workorders/271828/notes?draft=false', postman, note)
  await call('GET', '/v3/workorders/314159', postman, undefined, besideUrl)
  await call('DELETE', '/v3/workorders/314159', postman, undefined, besideUrl)
  // More than the quota allows: these are still waiting in the pictures, and given up at the end.
  for (let i = 0; i < 9; i++) call('GET', `/v3/trades?page=${i}`, nightly).catch(() => {})

  const browser = await launch()
  t.teardown(() => browser.close())
  const viewport = { width: 1180, height: 720 }
  const address = app.inspectorUrl ?? ''
  t.match(address, token)
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, complaints } = await openPage(browser, t, address, { colorScheme, viewport })
    await page.locator('.row', { hasText: 'notes' }).first().click()
    await page.locator('#detail pre').first().waitFor()
    await page.screenshot({ path: `${folder}inspector-${colorScheme}.png` })
    t.strictSame(complaints, [])
  }
  const phone = { viewport: { width: 390, height: 844 }, colorScheme: 'dark', isMobile: true } as const
  const { page } = await openPage(browser, t, address, phone)
  await page.locator('.row').first().waitFor()
  await page.screenshot({ path: `${folder}inspector-phone.png` })
  for (const name of ['light', 'dark', 'phone'])
    t.comment(`${name}: ${readFileSync(`${folder}inspector-${name}.png`).length} bytes`)
})
