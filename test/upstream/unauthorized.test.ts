import type { ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { raw } from '../support/raw.js'
import { json } from '../support/servicechannel.js'
import { until } from '../support/until.js'
import { notPermitted, startWeather } from '../support/weather.js'

// Renewals are five seconds apart in real time, so these wait for theirs together.
t.jobs = 12
const buffered = true

t.test('one 401 among a thousand is one answer among a thousand', { buffered }, async (t) => {
  let arrived = 0
  const { ask, servicechannel } = await startWeather(t, {
    answer: (_request, response) => (++arrived === 500 ? notPermitted(response) : response.end('ok'))
  })
  const seen: number[] = []
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      for (let n = 0; n < 100; n++) seen.push((await ask()).status)
    })
  )
  t.equal(seen.filter((status) => status === 401).length, 1)
  t.equal(seen.filter((status) => status === 200).length, 999)
  t.equal(servicechannel.logins.length, 1)
  t.equal(servicechannel.arrivals.length, 1000)
})

t.test('calls that meet a revoked token together renew it once, and each goes through', { buffered }, async (t) => {
  const held: [string | undefined, ServerResponse][] = []
  const { ask, pass, shown, grants, proxy } = await startWeather(t, {
    answer: ({ headers, url }, response) => {
      if (url === '/v3/before') response.end('ok')
      else if (headers.authorization === 'Bearer token-1') held.push(['token-1', response])
      else response.end('ok')
    }
  })
  await ask('/v3/before')
  pass(300)
  const calls = Array.from({ length: 40 }, (_, n) => ask('/v3/x', n % 2 ? { method: 'POST', body: `${n}` } : {}))
  await until(() => held.length === 40)
  for (const [, response] of held) notPermitted(response)
  for (const { status } of await Promise.all(calls)) t.equal(status, 200)
  t.strictSame(grants(), ['password', 'refresh_token'])
  t.strictSame(
    shown().slice(41),
    Array.from({ length: 40 }, () => 'token-2')
  )
  t.ok(proxy.records.slice(1).every(({ attempts }) => attempts === 2))
})

t.test(
  'an API that always says 401: one renewal a minute, one replay of each, and no more',
  { buffered },
  async (t) => {
    const { ask, pass, shown, proxy, grants } = await startWeather(t, {
      answer: (_request, response) => notPermitted(response)
    })
    let calls = 0
    for (let second = 0; second <= 150; second += 10) {
      calls++
      const { status, code, body } = await ask('/v3/x', { method: 'POST', body: 'x' })
      t.equal(status, 401)
      t.equal(code, null, 'it is the answer of the API')
      t.equal(JSON.parse(body).ErrorCode, 504)
      pass(10)
    }
    const renewals = grants().length - 1
    t.ok(renewals >= 1 && renewals <= 2, `${renewals} renewals in two and a half minutes`)
    t.equal(shown().length, calls + renewals, 'each renewal repeated the call that caused it, once')
    t.equal(await proxy.readiness(), 'ready')
  }
)

t.test(
  'an upload too large to be kept is sent once, and its client has the refusal as it came',
  { buffered },
  async (t) => {
    const { ask, pass, servicechannel } = await startWeather(t, {
      answer: ({ headers, url, method }, response) => {
        if (method === 'GET' && headers.authorization !== 'Bearer token-1') response.end('ok')
        else if (url === '/v3/before') response.end('ok')
        else if (url === '/v3/throttled')
          json(response, 429, { Reason: 'Request has been throttled.' }, { 'retry-after': '1' })
        else notPermitted(response)
      }
    })
    await ask('/v3/before')
    pass(300)
    const upload = { method: 'POST', body: Buffer.alloc(300_000, 'x') }
    const refused = await ask('/v3/x', upload)
    t.match(refused, { status: 401, code: null, body: /Rejected by security/ })
    t.equal((await ask('/v3/x')).status, 200, 'the next call goes with a new token')
    const throttled = await ask('/v3/throttled', upload)
    t.match(throttled, { status: 429, code: null, retryAfter: '1', body: /has been throttled/ })
    t.strictSame(
      servicechannel.arrivals.map(({ method, body }) => `${method} ${body.length}`),
      ['GET 0', 'POST 300000', 'GET 0', 'POST 300000']
    )
  }
)

t.test('a route that says 401 does not disturb the others', { buffered }, async (t) => {
  const { ask, pass, grants } = await startWeather(t, {
    answer: ({ url }, response) => (url === '/v3/forbidden' ? notPermitted(response) : response.end('ok'))
  })
  for (let second = 0; second <= 500; second += 20) {
    t.equal((await ask('/v3/forbidden')).status, 401)
    t.equal((await ask('/v3/allowed')).status, 200)
    pass(20)
  }
  t.strictSame(grants(), ['password'], 'a token that lets others in is not renewed')
})

t.test('a 403 is never about the token', { buffered }, async (t) => {
  const { ask, pass, grants, shown } = await startWeather(t, {
    answer: ({ url }, response) => (url === '/v3/denied' ? json(response, 403, { ErrorCode: 403 }) : response.end('ok'))
  })
  await ask()
  pass(300)
  for (let n = 0; n < 3; n++) {
    t.equal((await ask('/v3/denied', { method: 'POST', body: 'x' })).status, 403)
    pass(70)
  }
  t.strictSame(grants(), ['password'])
  t.equal(shown().length, 4)
})

t.test('a 401 while the login is down takes a token that still serves from nobody', { buffered }, async (t) => {
  const { ask, login, pass, proxy, shown, servicechannel } = await startWeather(t, {
    answer: ({ url }, response) => (url === '/v3/forbidden' ? notPermitted(response) : response.end('ok'))
  })
  await ask()
  login.answer = (response) => response.writeHead(500).end()
  pass(550)
  t.equal((await ask('/v3/allowed')).status, 200)
  await until(() => servicechannel.logins.length === 2)
  const forbidden = await ask('/v3/forbidden')
  t.equal(forbidden.status, 401, 'the answer there is, since no other can be had')
  for (let second = 0; second < 4; second++) {
    pass(10)
    t.equal((await ask('/v3/allowed')).status, 200, `${second * 10 + 10} s later`)
    t.equal(await proxy.readiness(), 'ready')
  }
  pass(11)
  t.match(await ask('/v3/allowed'), { status: 503, code: 'login_resting' }, 'to its end, and no longer')
  t.ok(shown().every((token) => token === 'token-1'))
})

t.test('a token nobody comes in with any more is not worn out while the login is down', { buffered }, async (t) => {
  let isRevoked = false
  const { ask, login, pass, proxy } = await startWeather(t, {
    answer: (_request, response) => (isRevoked ? notPermitted(response) : response.end('ok'))
  })
  await ask()
  isRevoked = true
  login.answer = (response) => response.writeHead(500).end()
  pass(300)
  t.match(await ask(), { status: 503, code: 'login_resting' })
  t.match(await ask(), { status: 503, code: 'login_resting' })
  t.match(await proxy.readiness(), /rests for/)
})

t.test('the token is for the API alone: a redirect is delivered, not followed', { buffered }, async (t) => {
  const stray: string[] = []
  const { ask, servicechannel, proxy } = await startWeather(t, {
    answer: ({ url }, response) => {
      const to = url?.startsWith('/to?') ? decodeURIComponent(url.slice(4)) : undefined
      if (to) response.writeHead(307, { location: to }).end()
      else response.end('ok')
    }
  })
  const third = https.createServer(servicechannel, ({ url, headers }, response) => {
    stray.push(`${url} ${headers.authorization}`)
    response.end()
  })
  await new Promise<void>((resolve) => third.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    third.closeAllConnections()
    third.close()
  })
  const elsewhere = `https://localhost:${(third.address() as AddressInfo).port}`
  for (const location of [`${elsewhere}/file?sig=1`, `//localhost:1/x`, '/v3/other', servicechannel.loginUrl]) {
    for (const method of ['GET', 'POST']) {
      const { status, headers } = await ask(`/to?${encodeURIComponent(location)}`, { method })
      t.equal(status, 307)
      t.equal(headers.get('location'), location, 'untouched')
    }
  }
  const home = await ask(`/to?${encodeURIComponent(`${servicechannel.apiUrl}/v3/next`)}`)
  t.equal(home.headers.get('location'), `${proxy.url}/v3/next`, 'only the way back to the API leads here')
  for (const target of ['https://third.example/v3/x', 'http://third.example/v3/x']) {
    const refused = await raw(
      proxy.port,
      `GET ${target} HTTP/1.1\r\nHost: ${new URL(target).host}\r\nConnection: close\r\n\r\n`
    )
    t.match(refused, /^HTTP\/1\.1 403 /, 'and nobody can name another server')
  }
  t.strictSame(stray, [])
  t.ok(servicechannel.logins.every(({ authorization }) => authorization?.startsWith('Basic ')))
})

t.test('cookies of the login and of the API stay with the proxy', { buffered }, async (t) => {
  const { ask, login, grantToken, pass, servicechannel } = await startWeather(t, {
    answer: (_request, response) => response.setHeader('set-cookie', ['api=CANARY; Path=/', 'b=CANARY']).end('ok')
  })
  login.answer = (response) => {
    response.setHeader('set-cookie', 'session=CANARY; Path=/')
    grantToken(response)
  }
  const cookies: (string | undefined)[] = []
  servicechannel.loginHost.on('request', ({ headers }) => cookies.push(headers.cookie))
  for (let n = 0; n < 2; n++) {
    const { headers, body } = await ask('/v3/x', { headers: { cookie: 'mine=1' } })
    t.notMatch(`${JSON.stringify([...headers])} ${body}`, /CANARY/)
    pass(700)
  }
  t.strictSame(cookies, [undefined, undefined], 'not even back to the login host')
  t.ok(servicechannel.arrivals.every(({ headers }) => headers.cookie === undefined))
})

t.test(
  'environments in one process: no token, cookie or connection of one reaches the other',
  { buffered },
  async (t) => {
    const one = await startWeather(t)
    const two = await startWeather(t, { connector: one.proxy.connector })
    one.login.answer = (response) =>
      json(response, 200, { access_token: 'of-one', token_type: 'bearer', expires_in: 600 })
    two.login.answer = (response) =>
      json(response, 200, { access_token: 'of-two', token_type: 'bearer', expires_in: 600 })
    const calls = Array.from({ length: 200 }, (_, n) => (n % 2 ? one : two).ask(`/${n % 2 ? 'one' : 'two'}/${n}`))
    t.ok((await Promise.all(calls)).every(({ status }) => status === 200))
    for (const [{ shown, servicechannel }, token, path] of [
      [one, 'of-one', '/one/'],
      [two, 'of-two', '/two/']
    ] as const) {
      t.strictSame(new Set(shown()), new Set([token]))
      t.equal(servicechannel.arrivals.length, 100)
      t.ok(servicechannel.arrivals.every(({ url }) => url.startsWith(path)))
      t.equal(servicechannel.logins.length, 1)
    }
  }
)
