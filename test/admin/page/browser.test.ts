import { readFileSync } from 'node:fs'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import t, { type Test } from 'tap'
import { json } from '../../support/servicechannel.js'
import { until } from '../../support/until.js'
import { launch, openPage, rowsOf, skip } from '../browser.js'
import { type InspectedOptions, startInspected } from '../inspected.js'

/* The page as people meet it, in the browser of this machine. */

t.setTimeout(240_000)

let browser: Browser
t.before(async () => {
  if (!skip) browser = await launch()
})
t.teardown(() => browser?.close())

async function inspect(t: Test, options: InspectedOptions = {}, more: Parameters<typeof openPage>[3] = {}) {
  const proxy = await startInspected(t, options)
  const opened = await openPage(browser, t, proxy.app.inspectorUrl ?? '', more)
  await opened.page.locator('#connection', { hasText: 'Live' }).waitFor()
  const call = async (path: string, init: RequestInit = {}) => (await fetch(`${proxy.url}${path}`, init)).text()
  return { ...proxy, ...opened, call }
}

t.test('calls appear as they come, with what became of them', { skip }, async (t) => {
  const { page, call, complaints } = await inspect(t, {
    answer: (request, response) => json(response, request.url === '/v3/b' ? 404 : 200, {})
  })
  await page.locator('#empty', { hasText: 'No calls yet. Try: curl http://localhost' }).waitFor()
  await call('/v3/a')
  await call('/v3/b', { method: 'DELETE' })
  await page.locator('.row .status', { hasText: '404' }).waitFor()
  const rows = await rowsOf(page)
  t.match(rows[0], /DELETE\/v3\/b404/)
  t.match(rows[1], /GET\/v3\/a200/)
  await page.locator('#strip', { hasText: /2 of 10000 used.*\d+:\d\d left.*answering/ }).waitFor()
  t.strictSame(complaints, [])
})

t.test('the filter finds by path, method, status and by text in bodies', { skip }, async (t) => {
  const { page, call } = await inspect(t, {
    answer: (request, response) => json(response, request.method === 'POST' ? 500 : 200, { at: request.url })
  })
  await call('/v3/workorders')
  await call('/v3/users')
  await call('/v3/notes', { method: 'POST', body: 'a leaking roof' })
  const paths = async () => (await page.locator('.row .path').allTextContents()).sort()
  const shows = (wanted: string[]) => until(async () => JSON.stringify(await paths()) === JSON.stringify(wanted))
  await shows(['/v3/notes', '/v3/users', '/v3/workorders'])
  await page.keyboard.press('/')
  await page.keyboard.type('WORK')
  await shows(['/v3/workorders'])
  await page.fill('#text', '')
  await page.selectOption('#method', 'POST')
  await shows(['/v3/notes'])
  await page.selectOption('#method', '')
  await page.selectOption('#status', '2')
  await shows(['/v3/users', '/v3/workorders'])
  await page.selectOption('#status', '')
  await page.fill('#text', 'roof')
  await shows([])
  await page.check('#in-bodies')
  await shows(['/v3/notes'])
})

t.test('a call is read and repeated with the keyboard alone', { skip }, async (t) => {
  const { page, call, service, complaints } = await inspect(t, {
    answer: (_request, response) => json(response, 200, { Id: 12, Nte: 1 })
  })
  await call('/v3/first')
  await call('/v3/second?x=1', { headers: { authorization: 'Bearer CANARY-1', 'x-mine': 'yes' } })
  await page.locator('.row').nth(1).waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.locator('#detail pre').first().waitFor()
  const detail = (await page.locator('#detail').textContent()) ?? ''
  t.match(detail, '/v3/second?x=1')
  t.match(detail, /x-mineyes/)
  t.match(detail, /authorization\[hidden\]/)
  t.match(detail, 'It departed at once.')
  t.match(detail, /"Id": 12,/)
  t.notMatch(detail, /CANARY/)
  await page.keyboard.press('r')
  await page.locator('#detail', { hasText: 'A replay of call 2.' }).waitFor()
  await until(() => service.arrivals.length === 3)
  t.equal(service.arrivals[2]?.url, '/v3/second?x=1')
  await page.keyboard.press('Escape')
  t.equal(await page.locator('#detail').isVisible(), false)
  t.strictSame(complaints, [])
})

t.test('what changes something is asked about first, and can be edited', { skip }, async (t) => {
  const { page, call, service } = await inspect(t)
  await call('/v3/a', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'before' })
  await page.locator('.row').click()
  await page.getByRole('button', { name: 'Replay', exact: true }).click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  t.equal(service.arrivals.length, 1)
  await page.getByRole('button', { name: 'Edit and replay' }).click()
  await page.getByLabel('Body').fill('after')
  await page.getByLabel('Path and query').fill('/v3/b')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await until(() => service.arrivals[1]?.body.toString() === 'after')
  t.match(service.arrivals[1], { url: '/v3/b', method: 'POST', headers: { 'content-type': 'text/plain' } })
})

t.test('an archive of the shown calls is downloaded, and a call is copied', { skip }, async (t) => {
  const { page, context, call } = await inspect(t)
  await call('/v3/a')
  await call('/v3/b')
  await page.fill('#text', '/v3/b')
  await page.locator('#export', { hasText: 'Export 1 shown' }).waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#export')])
  t.match(download.suggestedFilename(), /^sc-proxy-.*\.har$/)
  const archive = JSON.parse(readFileSync(await download.path(), 'utf8'))
  t.match(archive.log.entries, [{ request: { url: /\/v3\/b$/ } }])
  t.equal(archive.log.entries.length, 1)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.locator('.row').click()
  await page.getByRole('button', { name: 'curl' }).click()
  await page.locator('#toast', { hasText: 'Copied as curl.' }).waitFor()
  t.match(await page.evaluate('navigator.clipboard.readText()'), /^curl \\\n {2}'http:\/\/localhost:\d+\/v3\/b'/)
})

t.test('markup in everything a server or a client says stays text', { skip }, async (t) => {
  const evil = '<img src=x onerror="document.title=1"><script>document.title=2</script><a href="javascript:3">x</a>'
  const { page, call } = await inspect(t, {
    answer(request, response) {
      response.writeHead(200, evil.slice(0, 30), {
        'content-type': request.url?.includes('json') ? 'application/json' : 'text/html',
        'x-evil': evil
      })
      response.end(request.url?.includes('json') ? JSON.stringify({ [evil]: evil }) : evil)
    }
  })
  await call(`/v3/html?${encodeURIComponent(evil)}`, {
    method: 'POST',
    headers: { 'user-agent': evil, 'x-evil': evil },
    body: evil
  })
  await call('/v3/json')
  for (const path of ['/v3/html', '/v3/json']) {
    await page.locator('.row', { hasText: path }).click()
    await page.locator('#detail .target', { hasText: path }).waitFor()
    await page.locator('#detail pre').first().waitFor()
    t.match(await page.locator('#detail pre').first().textContent(), '<script>document.title=2</script>')
    t.equal(await page.locator('#detail img, #detail script, #detail a').count(), 0)
  }
  t.equal(await page.title(), 'sc-proxy inspector')
})

t.test('without the token the list is shown and bodies are not, until it is given', { skip }, async (t) => {
  const { app, admin, url, service } = await startInspected(t)
  const { page } = await openPage(browser, t, `${admin}/`)
  await (await fetch(`${url}/v3/a`, { method: 'POST', body: 'secret body' })).text()
  t.equal(service.arrivals.length, 1)
  await page.locator('.row').click()
  await page.locator('#detail', { hasText: 'Headers and bodies are for you alone' }).waitFor()
  await page.getByLabel('Token', { exact: true }).fill(app.inspectorUrl ?? '')
  await page.getByRole('button', { name: 'Use it' }).click()
  await page.locator('#detail pre', { hasText: 'secret body' }).waitFor()
  t.notMatch(page.url(), /token/)
})

t.test('a page of another origin reads nothing', { skip }, async (t) => {
  const { admin, url } = await startInspected(t)
  await (await fetch(`${url}/v3/a`)).text()
  const other = http.createServer((_request, response) =>
    response.setHeader('content-type', 'text/html').end('<p>hello')
  )
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    other.closeAllConnections()
    other.close()
  })
  const { page } = await openPage(browser, t, `http://127.0.0.1:${(other.address() as AddressInfo).port}/`)
  for (const path of ['/api/calls', '/api/calls/1', '/api/quota', '/api/session', '/api/har', '/']) {
    const read = await page.evaluate(
      `fetch(${JSON.stringify(admin + path)}, { mode: 'cors' }).then((answer) => answer.text(), (error) => error.name)`
    )
    t.equal(read, 'TypeError', path)
  }
  const streamed = await page.evaluate(
    `new Promise((resolve) => { const source = new EventSource(${JSON.stringify(`${admin}/api/events`)}); source.onopen = () => resolve('open'); source.onerror = () => resolve('refused') })`
  )
  t.equal(streamed, 'refused')
  const framed = await page.evaluate(
    `new Promise((resolve) => { const frame = document.createElement('iframe'); frame.src = ${JSON.stringify(`${admin}/`)}; frame.onload = () => resolve(frame.contentDocument === null); document.body.append(frame) })`
  )
  t.equal(framed, true)
})

t.test('it is dark where people like it dark, and changes when told', { skip }, async (t) => {
  const { page } = await inspect(t, {}, { colorScheme: 'dark' })
  const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
  t.equal(await background(), 'rgb(15, 19, 25)')
  await page.keyboard.press('t')
  t.equal(await background(), 'rgb(246, 247, 249)')
  await page.reload()
  t.equal(await background(), 'rgb(246, 247, 249)', 'for good')
})

t.test('production cannot be overlooked', { skip }, async (t) => {
  const { page, call, service } = await inspect(t, { environment: 'production' })
  await call('/v3/a')
  await page.locator('#production').waitFor()
  await page.locator('.row .where.production').waitFor()
  await page.locator('.row').click()
  await page.locator('#detail pre').first().waitFor()
  await page.keyboard.press('r')
  await page.locator('dialog[open]', { hasText: 'Send GET /v3/a again, in PRODUCTION?' }).waitFor()
  t.equal(service.arrivals.length, 1, 'nothing is sent before it is confirmed')
})

t.test('five thousand calls leave the page smooth', { skip }, async (t) => {
  const { page, url } = await inspect(t, { inspector: { maxCalls: 5000 } })
  // Refused ones, all at once: what the page has to do is the same.
  const foreign = (i: number) => `GET /v3/a/${i}/ HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n`
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.resume().write(Array.from({ length: 5000 }, (_, i) => foreign(i)).join(''))
  const started = Date.now()
  while (!(await page.locator('#count').textContent())?.startsWith('5000')) {
    if (Date.now() - started > 20_000) throw new Error(`only ${await page.locator('#count').textContent()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  t.ok((await page.locator('.row').count()) < 80, 'only what can be seen is drawn')
  const worst = (await page.evaluate(`(async () => {
    const list = document.getElementById('list')
    const frame = () => new Promise(requestAnimationFrame)
    const spent = []
    for (let i = 0; i < 60; i++) {
      list.scrollTop += 2500
      await frame()
      const from = performance.now()
      await frame()
      spent.push(performance.now() - from)
    }
    return { times: spent.sort((a, b) => a - b), end: document.querySelectorAll('.row').length }
  })()`)) as { times: number[]; end: number }
  const median = worst.times[30] ?? Number.POSITIVE_INFINITY
  t.comment(`frames: median ${median.toFixed(1)} ms, worst ${worst.times.at(-1)?.toFixed(1)} ms`)
  t.ok(median < 100, `the median frame took ${median} ms`)
  t.ok(worst.end > 0)
  const from = performance.now()
  await page.fill('#text', '/4321/')
  await page.locator('#count', { hasText: '1 of 5000' }).waitFor()
  t.ok(performance.now() - from < 3000, 'and filters at once')
})
