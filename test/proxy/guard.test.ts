import t from 'tap'
import { canonicalPath } from '../../src/proxy/target.js'
import { startProxy } from '../support/proxy.js'
import { raw } from '../support/raw.js'
import { startServiceChannel } from '../support/servicechannel.js'

/** The status and error code of one request written by hand. */
async function ask(port: number, requestLine: string, headers: Record<string, string> = {}) {
  const lines = Object.entries({ Host: 'localhost', Connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`
  )
  const answer = await raw(port, `${requestLine} HTTP/1.1\r\n${lines.join('')}\r\n`)
  const code = /x-sc-proxy-error: (\w+)/.exec(answer)?.[1]
  return `${answer.slice(9, 12)}${code ? ` ${code}` : ''}`
}

t.test('only names of this machine and allowed names pass as Host', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, {
    environment: servicechannel,
    listener: { allowedHosts: ['proxy.internal', 'other:9000'] }
  })
  for (const host of [
    'localhost',
    'LOCALHOST:80',
    '127.0.0.1:1234',
    '[::1]:8080',
    'proxy.internal',
    'proxy.internal:8080',
    'other',
    'localhost.'
  ]) {
    t.equal(await ask(proxy.port, 'GET /v3/x', { Host: host }), '200', host)
  }
  const arrived = servicechannel.arrivals.length
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    'evil.example:80',
    '127.0.0.2',
    '169.254.169.254',
    'proxy.internal.evil',
    ''
  ]) {
    t.equal(await ask(proxy.port, 'GET /v3/x', { Host: host }), '403 host_not_allowed', host)
  }
  t.equal(servicechannel.arrivals.length, arrived, 'nothing refused was sent')
})

t.test(
  'pages of other origins are refused, also for simple requests, and pages of allowed ones can read the answer',
  async (t) => {
    const servicechannel = await startServiceChannel(t)
    const proxy = await startProxy(t, {
      environment: servicechannel,
      listener: { allowedOrigins: ['http://localhost:3000'] }
    })
    t.equal(
      await ask(proxy.port, 'POST /v3/workorders', { Origin: 'https://evil.example', 'Content-Type': 'text/plain' }),
      '403 origin_not_allowed'
    )
    t.equal(await ask(proxy.port, 'GET /v3/x', { Origin: 'null' }), '403 origin_not_allowed')
    t.equal(await ask(proxy.port, 'GET /v3/x', { 'Sec-Fetch-Site': 'cross-site' }), '403 origin_not_allowed')
    t.equal(await ask(proxy.port, 'GET /v3/x', { 'Sec-Fetch-Site': 'same-site' }), '403 origin_not_allowed')
    t.equal(servicechannel.arrivals.length + servicechannel.logins.length, 0)
    t.equal(await ask(proxy.port, 'GET /v3/x', { 'Sec-Fetch-Site': 'none' }), '200')
    t.equal(await ask(proxy.port, 'GET /v3/x', { Origin: 'http://localhost', 'Sec-Fetch-Site': 'same-origin' }), '200')

    const page = { Origin: 'http://localhost:3000', Host: 'localhost', Connection: 'close' }
    const headers = Object.entries(page)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')
    t.match(
      await raw(proxy.port, `GET /v3/x HTTP/1.1\r\n${headers}\r\n`),
      /200 OK[\s\S]*access-control-allow-origin: http:\/\/localhost:3000/
    )
    t.equal(servicechannel.arrivals.at(-1)?.headers.origin, undefined)
    const sent = servicechannel.arrivals.length
    const preflight = await raw(
      proxy.port,
      `OPTIONS /v3/x HTTP/1.1\r\n${headers}Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: content-type\r\n\r\n`
    )
    t.match(
      preflight,
      /^HTTP\/1\.1 204 [\s\S]*access-control-allow-methods: PUT\r\naccess-control-allow-headers: content-type/
    )
    t.equal(servicechannel.arrivals.length, sent, 'the preflight is answered here')
  }
)

t.test('absolute-form is accepted when it names the listener or the API, and nothing else', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const apiUrl = servicechannel.apiUrl.replace('localhost', 'localhost')
  const proxy = await startProxy(t, { environment: servicechannel })
  t.equal(await ask(proxy.port, `GET http://localhost:${proxy.port}/v3/a?b=1`), '200')
  t.equal(servicechannel.arrivals.at(-1)?.url, '/v3/a?b=1')
  t.equal(
    await ask(proxy.port, `GET ${apiUrl}/v3/c`, { Host: 'ignored.example' }),
    '200',
    'the Host header counts for nothing then'
  )
  t.equal(await ask(proxy.port, 'GET http://evil.example/v3/x'), '403 target_not_allowed')
  t.equal(await ask(proxy.port, 'GET http://localhost@evil.example/v3/x'), '403 target_not_allowed')
  t.equal(servicechannel.arrivals.length, 2)
})

t.test('a read-only listener lets in only what changes nothing', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, { environment: servicechannel, listener: { access: 'read-only' } })
  for (const line of [
    'GET /v3/x',
    'HEAD /v3/x',
    'OPTIONS /v3/x',
    'POST /v3/odata/workorders/filter',
    'POST /V3/assets/SearchAssets?a=1',
    'POST /odata/workorders/filter'
  ]) {
    t.equal(await ask(proxy.port, line, { 'Content-Length': '0' }), '200', line)
  }
  const arrived = servicechannel.arrivals.length
  for (const line of [
    'POST /v3/workorders',
    'PUT /v3/workorders/1/status',
    'DELETE /v3/users/1',
    'PATCH /v3/users/1',
    'POST /v3/odata/workorders/filter/../../../workorders',
    'POST /v3/odata/workorders/filter/%2e%2e/%2e%2e/%2e%2e/workorders'
  ]) {
    t.equal(await ask(proxy.port, line, { 'Content-Length': '0' }), '403 read_only', line)
  }
  t.equal(await ask(proxy.port, 'GET /v3/x', { 'X-HTTP-Method-Override': 'DELETE' }), '403 read_only')
  const sly = await fetch(`${proxy.url}/v3/x`, { headers: { 'X-HTTP-Method': 'DELETE' } })
  t.match(await sly.json(), { detail: /x-http-method/ }, 'the sentence says what it is about')
  t.equal(servicechannel.arrivals.length, arrived)
  t.equal(servicechannel.logins.length, 1)
})

t.test('rules allow and deny by method and path, in whatever letters and encoding the path comes', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const rules = {
    allow: ['/v3/**'],
    deny: ['DELETE /**', 'POST /v3/invoices/**', 'put /v3/invoices/*', '/v3/users/*/secrets']
  }
  const proxy = await startProxy(t, { environment: servicechannel, listener: { rules } })
  const length = { 'Content-Length': '0' }
  t.equal(await ask(proxy.port, 'GET /v3/invoices/1'), '200')
  t.equal(await ask(proxy.port, 'GET /v3/users/1/secrets/deeper'), '200')
  for (const line of [
    'DELETE /v3/x',
    'POST /v3/invoices/1',
    'PUT /V3/Invoices/1',
    'POST /v3/%69nvoices/1',
    'POST /v3//invoices/1',
    'POST /v3/x/../invoices/1',
    'POST /v3/%2569nvoices/1',
    'POST /v3\\invoices/1',
    'GET /v3/users/9/SECRETS',
    'GET /odata/x',
    'GET /v3/%zz',
    'POST /v3/x#/../invoices/1'
  ]) {
    t.equal(await ask(proxy.port, line, length), '403 rule_denied', line)
  }
  t.equal(servicechannel.arrivals.length, 2)
})

t.test('with a client key only those who show it pass, however they can', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, { environment: servicechannel, listener: { clientKey: 'CANARY-key' } })
  const refused = await fetch(`${proxy.url}/v3/x`)
  t.match(await refused.json(), { code: 'client_key_required', detail: /x-sc-proxy-key.*Bearer.*Basic/ }, 'every way')
  t.equal(await ask(proxy.port, 'GET /v3/x', { Authorization: 'Bearer wrong' }), '403 client_key_required')
  t.equal(servicechannel.logins.length, 0)
  const basic = Buffer.from('anyone:CANARY-key').toString('base64')
  const ways: Record<string, string>[] = [
    { 'X-SC-Proxy-Key': 'CANARY-key' },
    { Authorization: 'Bearer CANARY-key' },
    { Authorization: `basic ${basic}` }
  ]
  for (const headers of ways) {
    t.equal(await ask(proxy.port, 'GET /v3/x', headers), '200')
  }
  t.notMatch(
    JSON.stringify(servicechannel.arrivals.map(({ rawHeaders }) => rawHeaders)),
    /CANARY/,
    'the key stays here'
  )
})

t.test('a client that insists on logging in gets a placeholder, and its calls the real token', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, { environment: servicechannel })
  const form = new URLSearchParams({ grant_type: 'password', username: 'someone', password: 'CANARY-legacy' })
  const response = await fetch(`${proxy.url}/oauth/token`, {
    method: 'POST',
    body: form,
    headers: { authorization: 'Basic eDp5' }
  })
  const token = (await response.json()) as Record<string, unknown>
  t.match(token, { access_token: String, token_type: 'bearer', expires_in: 600, refresh_token: String })
  t.equal(servicechannel.logins.length + servicechannel.arrivals.length, 0, 'the login is answered here')
  await fetch(`${proxy.url}/v3/x`, { headers: { authorization: `Bearer ${token.access_token}` } })
  t.same(
    servicechannel.arrivals[0]?.rawHeaders.filter((_, i, all) => all[i - 1]?.toLowerCase() === 'authorization'),
    ['Bearer token-1']
  )
})

t.test('it may log in where it may only read, unless a rule denies just that', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const login = async (listener: Parameters<typeof startProxy>[1]['listener']) => {
    const proxy = await startProxy(t, { environment: servicechannel, listener })
    return ask(proxy.port, 'POST /oauth/token', { 'Content-Length': '0' })
  }
  t.equal(await login({ access: 'read-only' }), '200')
  t.equal(await login({ rules: { allow: ['GET /v3/**'], deny: ['DELETE /**'] } }), '200')
  t.equal(await login({ rules: { allow: [], deny: ['POST /oauth/*'] } }), '403 rule_denied')
  t.equal(await login({ access: 'read-only', clientKey: 'CANARY-key' }), '403 client_key_required')
  t.equal(servicechannel.logins.length + servicechannel.arrivals.length, 0)
})

t.test('the canonical path is what a lenient server would make of it', async (t) => {
  t.equal(canonicalPath('/V3//a/./b/../c%2Fd?x=/../'), '/v3/a/c/d')
  t.equal(canonicalPath('/../../x'), '/x')
  t.equal(canonicalPath('/a%252e%252e/..%5c..%5cb'), '/b')
  t.equal(canonicalPath('/%zz'), undefined)
  t.equal(canonicalPath('/a#b'), undefined, 'one server ends the path there, another does not')
})
