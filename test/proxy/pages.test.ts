import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startProxy } from '../support/proxy.js'
import { raw } from '../support/raw.js'
import { json, startServiceChannel } from '../support/servicechannel.js'

/** A proxy that nothing may be sent by: neither a call nor, for one that is refused anyway, a login. */
async function open(t: Test, listener = {}) {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, { environment: servicechannel, listener })
  const ask = async (head: string, request = 'GET /v3/x HTTP/1.1', body = '') => {
    const answer = await raw(proxy.port, Buffer.from(`${request}\r\n${head}Connection: close\r\n\r\n${body}`, 'latin1'))
    t.notMatch(answer, /access-control-allow-origin/i)
    const code = /x-sc-proxy-error: (\w+)/.exec(answer)?.[1]
    return `${answer.slice(9, 12)}${code ? ` ${code}` : ''}`
  }
  const sent = () => servicechannel.arrivals.length + servicechannel.logins.length
  return { servicechannel, proxy, ask, sent }
}

t.test('a name that only resolves to this machine is not a name of it (DNS rebinding)', async (t) => {
  const { ask, sent, proxy } = await open(t, { allowedHosts: ['proxy.internal'] })
  const hosts = [
    'evil.example',
    `evil.example:${proxy.port}`,
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1.nip.io',
    'localtest.me',
    'localhost..',
    '.localhost',
    'sub.localhost',
    'evil.example.',
    'proxy.internal.evil.example',
    'xproxy.internal',
    // Other spellings of 127.0.0.1 that some resolvers take.
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '0.0.0.0',
    '127.0.0.2',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[0:0:0:0:0:0:0:1]',
    // Zone ids belong to one machine and are never sent (RFC 6874).
    '[::1%25lo]',
    '[::1%lo]',
    '[fe80::1%25eth0]:8080',
    '::1%lo',
    // Something more than a host.
    'user@localhost',
    'localhost@evil.example',
    'localhost:80@evil.example',
    'localhost:8080:8080',
    'localhost:http',
    'localhost:-1',
    'localhost/',
    'localhost#',
    'localhost?',
    'localhost\\evil.example',
    'localhost,evil.example',
    'localhost evil.example',
    'http://localhost',
    '"localhost"',
    '[::1]evil.example',
    '[::1]:80@evil.example',
    'localhost%00',
    'localhost%2eevil.example',
    '%6cocalhost',
    // Letters that look alike, or that become ASCII in punycode.
    'xn--lcalhost-54a',
    'xn--localhost-',
    'l\xf6calhost',
    '\xe2\x93\x9bocalhost',
    '\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1',
    ' ',
    '*'
  ]
  for (const host of hosts) {
    t.equal(await ask(`Host: ${host}\r\n`), '403 host_not_allowed', host)
    t.equal(await ask(`Host: ${host}\r\nOrigin: http://${host}\r\n`), '403 host_not_allowed', `${host} as same origin`)
    t.equal(
      await ask(`Host: ${host}\r\nX-Forwarded-Host: localhost\r\nForwarded: host=localhost\r\nX-Host: localhost\r\n`),
      '403 host_not_allowed',
      `${host} behind X-Forwarded-Host`
    )
  }
  for (const target of [
    'http://evil.example/v3/x',
    'http://localhost@evil.example/',
    'http://evil.example#@localhost/',
    'http:///v3/x',
    'http://localhost.evil.example/'
  ])
    t.match(
      await ask('Host: localhost\r\n', `GET ${target} HTTP/1.1`),
      /^(403 (target|host)_not_allowed|400 bad_request)$/,
      target
    )
  t.equal(sent(), 0)
  for (const host of ['localhost', 'LocalHost.:80', '127.0.0.1', '[::1]:8080', 'Proxy.Internal.'])
    t.equal(await ask(`Host: ${host}\r\nX-Forwarded-Host: evil.example\r\n`), '200', host)
})

t.test('no page of another origin gets a call through, whatever kind of request it can make', async (t) => {
  const { ask, sent, proxy } = await open(t)
  const host = `Host: localhost:${proxy.port}\r\n`
  const origins = [
    'https://evil.example',
    'null',
    '',
    'file://',
    'chrome-extension://abcdefghijklmnop',
    'http://localhost',
    'http://localhost:3000',
    `http://127.0.0.1:${proxy.port}`,
    `https://localhost:${proxy.port}`,
    `http://localhost.:${proxy.port}`,
    `http://LOCALHOST:${proxy.port}`,
    `http://localhost:${proxy.port}.evil.example`,
    `http://localhost:${proxy.port}@evil.example`,
    `http://localhost:${proxy.port}/`,
    `http://localhost:${proxy.port}, https://evil.example`,
    `http://localhost:${proxy.port}\r\nOrigin: https://evil.example`,
    'http://undefined'
  ]
  for (const origin of origins) {
    const header = `${host}Origin: ${origin}\r\n`
    t.equal(await ask(header), '403 origin_not_allowed', `GET from ${origin}`)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''])
      t.equal(
        await ask(`${header}Content-Type: ${type}\r\nContent-Length: 2\r\n`, 'POST /v3/workorders HTTP/1.1', '{}'),
        '403 origin_not_allowed',
        `POST of ${type} from ${origin}`
      )
    t.equal(
      await ask(`${header}Access-Control-Request-Method: PUT\r\n`, 'OPTIONS /v3/workorders HTTP/1.1'),
      '403 origin_not_allowed',
      `preflight from ${origin}`
    )
    t.equal(
      await ask(`${header}Connection: Upgrade\r\nUpgrade: websocket\r\n`),
      '403 origin_not_allowed',
      `WebSocket from ${origin}`
    )
    t.equal(await ask(`${header}Content-Length: 0\r\n`, 'POST /oauth/token HTTP/1.1'), '403 origin_not_allowed')
  }
  t.equal(await ask('Origin: http://undefined\r\n', 'GET /v3/x HTTP/1.0'), '403 origin_not_allowed')
  for (const site of ['cross-site', 'same-site', 'none, cross-site', 'anything', ''])
    t.equal(
      await ask(`${host}Sec-Fetch-Site: ${site}\r\nSec-Fetch-Mode: no-cors\r\n`),
      '403 origin_not_allowed',
      `an image or a link: ${site}`
    )
  t.equal(sent(), 0)
  t.equal(await ask(`${host}Origin: http://localhost:${proxy.port}\r\n`), '200', 'the listener itself')
})

const chromium = '/usr/bin/chromium'
const missing = !existsSync(chromium) && `SKIPPED: there is no ${chromium}, so no real browser was asked`

t.test(
  'a page in a real browser can neither read nor cause a call, until its origin is allowed',
  { skip: missing },
  async (t) => {
    const servicechannel = await startServiceChannel(t, {
      answer: (_request, response) => json(response, 200, { secret: 'CANARY' })
    })
    let report: (tries: Record<string, string>) => void
    const reported = new Promise<Record<string, string>>((resolve) => {
      report = resolve
    })
    const web = http.createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      if (request.method === 'POST') report(JSON.parse(text))
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(`<!doctype html><body><script type="module">${page}</script>`)
    })
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      web.closeAllConnections()
      web.close()
    })
    const origin = `http://localhost:${(web.address() as AddressInfo).port}`
    const refusing = await startProxy(t, { environment: servicechannel })
    const allowing = await startProxy(t, { environment: servicechannel, listener: { allowedOrigins: [origin] } })

    /** Runs in the browser: every way a page has to make a request, and what it learns by it. */
    const page = `
    const proxy = 'http://127.0.0.1:${refusing.port}'
    const rebound = 'http://rebound.example:${refusing.port}'
    const load = (tag, attribute, url) => new Promise((resolve) => {
      const element = document.createElement(tag)
      element.onload = () => resolve('loaded')
      element.onerror = () => resolve('refused')
      element.rel = 'stylesheet'
      element[attribute] = url
      document.body.append(element)
    })
    const submit = () => new Promise((resolve) => {
      const form = document.createElement('form')
      const frame = document.createElement('iframe')
      frame.name = form.target = 'answer'
      frame.onload = () => setTimeout(() => resolve('sent'), 200)
      Object.assign(form, { action: proxy + '/v3/form', method: 'POST', enctype: 'text/plain' })
      document.body.append(frame, form)
      form.submit()
    })
    const tries = {
      read: () => fetch(proxy + '/v3/read').then((answer) => answer.text()),
      rebinding: () => fetch(rebound + '/v3/rebound').then((answer) => answer.text()),
      opaque: () => fetch(proxy + '/v3/opaque', { mode: 'no-cors' }).then((answer) => answer.type + answer.status),
      plain: () => fetch(proxy + '/v3/plain', { method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body: '{}' }).then((answer) => answer.type + answer.status),
      json: () => fetch(proxy + '/v3/json', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }).then((answer) => answer.text()),
      remove: () => fetch(proxy + '/v3/remove', { method: 'DELETE' }).then((answer) => answer.text()),
      beacon: async () => String(navigator.sendBeacon(proxy + '/v3/beacon', 'x')),
      image: () => load('img', 'src', proxy + '/v3/image'),
      script: () => load('script', 'src', proxy + '/v3/script'),
      style: () => load('link', 'href', proxy + '/v3/style'),
      frame: () => load('iframe', 'src', proxy + '/v3/frame'),
      form: submit,
      websocket: () => new Promise((resolve) => {
        const socket = new WebSocket(proxy.replace('http', 'ws') + '/v3/websocket')
        socket.onopen = () => resolve('open')
        socket.onerror = () => resolve('refused')
      }),
      allowed: () => fetch('http://127.0.0.1:${allowing.port}/v3/allowed', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' }).then((answer) => answer.text())
    }
    const learned = {}
    for (const [name, make] of Object.entries(tries)) {
      learned[name] = await Promise.race([
        make().catch((error) => 'refused: ' + error.name),
        new Promise((resolve) => setTimeout(resolve, 2000, 'nothing'))
      ])
    }
    await fetch('/report', { method: 'POST', body: JSON.stringify(learned) })`

    const profile = mkdtempSync(join(tmpdir(), 'sc-proxy-browser-'))
    const browser = spawn(
      chromium,
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        `--user-data-dir=${profile}`,
        '--host-resolver-rules=MAP rebound.example 127.0.0.1',
        origin
      ],
      { stdio: 'ignore', detached: true }
    )
    const ended = new Promise((resolve) => browser.once('close', resolve))
    t.teardown(async () => {
      // With all its processes: one that lives on goes on writing into the folder.
      if (browser.pid !== undefined) process.kill(-browser.pid, 'SIGKILL')
      await ended
      await rm(profile, { recursive: true, force: true, maxRetries: 20 })
    })
    const learned = await reported
    t.match(learned.allowed, /CANARY/, 'an allowed origin reads its answer')
    for (const [name, answer] of Object.entries(learned))
      if (name !== 'allowed') t.notMatch(answer, /CANARY|open/, name)
    t.strictSame(
      servicechannel.arrivals.map(({ method, url }) => `${method} ${url}`),
      ['PUT /v3/allowed'],
      'nothing else was sent'
    )
  }
)
