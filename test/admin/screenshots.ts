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
  const { app, url, service } = await startInspected(t, {
    environment: process.env.SC_PROXY_PICTURE === 'production' ? 'production' : 'sandbox2',
    quota: { calls: 40, windowSeconds: 20 },
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
  t.ok(service.apiUrl)
  const call = async (method: string, path: string, agent: string, body?: object) => {
    const headers = { 'user-agent': agent, ...(body && { 'content-type': 'application/json' }) }
    await (await fetch(`${url}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })).text()
  }
  const note = { Note: 'The leak is in the ceiling above aisle 4.', Visibility: 0, NotifyList: [] }
  for (let i = 0; i < 12; i++) {
    await call('GET', `/v3/workorders/${271820 + i}`, 'curl/8.5.0')
    if (i % 3 === 0)
      await call('GET', '/v3/odata/workorders?$filter=Status/Primary eq %27OPEN%27&$top=50', 'PostmanRuntime/7.43')
    if (i % 4 === 0) await call('GET', '/v3/users/current', 'nightly-sync/2.1')
    if (i === 5) await call('POST', '/v3/invoices', 'nightly-sync/2.1', { InvoiceNumber: 'A-1' })
  }
  await Promise.all(Array.from({ length: 24 }, (_, i) => call('GET', `/v3/locations/${i}`, 'nightly-sync/2.1')))
  await call('GET', '/v3/slow', 'PostmanRuntime/7.43')
  await call('POST', '/v3/workorders/271828/notes?draft=false', 'PostmanRuntime/7.43', note)
  const waiting = Array.from({ length: 4 }, (_, i) => call('GET', `/v3/trades?page=${i}`, 'nightly-sync/2.1'))

  const browser = await launch()
  t.teardown(() => browser.close())
  const address = app.inspectorUrl ?? ''
  t.match(address, token)
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, complaints } = await openPage(browser, t, address, { colorScheme })
    await page.locator('.row', { hasText: 'notes' }).first().click()
    await page.locator('#detail pre').first().waitFor()
    await page.screenshot({ path: `${folder}inspector-${colorScheme}.png` })
    if (colorScheme === 'light') {
      await page.keyboard.press('Escape')
      await page.screenshot({ path: `${folder}inspector-list.png` })
    }
    t.strictSame(complaints, [])
  }
  const phone = { viewport: { width: 390, height: 844 }, colorScheme: 'dark', isMobile: true } as const
  const { page } = await openPage(browser, t, address, phone)
  await page.locator('.row').first().waitFor()
  await page.screenshot({ path: `${folder}inspector-phone.png` })
  await Promise.all(waiting)
  for (const name of ['light', 'dark', 'list', 'phone'])
    t.comment(`${name}: ${readFileSync(`${folder}inspector-${name}.png`).length} bytes`)
})
