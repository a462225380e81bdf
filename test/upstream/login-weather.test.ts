import type { ServerResponse } from 'node:http'
import t from 'tap'
import { json } from '../support/servicechannel.js'
import { until } from '../support/until.js'
import { startWeather } from '../support/weather.js'

// Logins are five seconds apart in real time, so these wait for theirs together.
t.jobs = 16
const buffered = true

const patient = { connectSeconds: 10, headersSeconds: 10, bodySeconds: 10 }
const spacingMs = 5100
const html = (response: ServerResponse, status: number, headers: Record<string, string> = {}) =>
  response.writeHead(status, { 'content-type': 'text/html', ...headers }).end('<html>We will be back soon.</html>')
const redirectTo = (response: ServerResponse, location: string) => response.writeHead(302, { location }).end()

t.test('a slow login is one login, however many wait for it', { buffered }, async (t) => {
  const { ask, login, grantToken, proxy, servicechannel } = await startWeather(t)
  const asked: ServerResponse[] = []
  login.answer = (response) => void asked.push(response)
  const calls = Array.from({ length: 200 }, () => ask())
  await until(() => proxy.open() === 200 && asked.length === 1)
  t.equal(await proxy.readiness(), 'ready')
  grantToken(asked[0] as ServerResponse)
  for (const { status } of await Promise.all(calls)) t.equal(status, 200)
  t.equal(servicechannel.logins.length, 1)
  t.equal(servicechannel.arrivals.length, 200)
})

/** Whatever befalls the login host: what callers are told, and how often it was asked for the two of them. */
const troubles: Record<string, [(response: ServerResponse) => unknown, Partial<Record<'status' | 'code', unknown>>]> = {
  'does not answer': [() => {}, { status: 504, code: 'login_timeout' }],
  'answers 500': [(response) => html(response, 500), { status: 503, code: 'login_resting' }],
  'is down for maintenance': [(response) => html(response, 503), { status: 503, code: 'login_resting' }],
  'answers a page': [(response) => html(response, 200), { status: 503, code: 'login_resting' }],
  'answers half a JSON text': [
    (response) => response.end('{"access_token":"token-1","expi'),
    { status: 503, code: 'login_resting' }
  ],
  'breaks off its answer': [
    (response) => response.writeHead(200, { 'content-length': 99 }).write('{"access', () => response.destroy()),
    { status: 502, code: 'login_unreachable' }
  ],
  'hangs up': [(response) => response.destroy(), { status: 502, code: 'login_unreachable' }],
  'leads to a page of somebody else': [
    (response) => redirectTo(response, 'https://gateway.example/blocked?by=policy'),
    { status: 503, code: 'login_resting' }
  ]
}

for (const [what, [answer, told]] of Object.entries(troubles)) {
  t.test(`a login host that ${what} is asked twice, left alone, and works again`, { buffered }, async (t) => {
    const { ask, login, grantToken, pass, proxy, servicechannel } = await startWeather(t, {
      timeouts: { ...patient, loginSeconds: what === 'does not answer' ? 1 : 10 }
    })
    login.answer = answer
    const seen = await Promise.all([ask(), ask('/v3/y', { method: 'POST', body: 'x' })])
    for (const one of seen) t.match(one, { ...told, retryAfter: /^[1-9]\d*$/ })
    t.equal(servicechannel.logins.length, 2)
    t.match(await proxy.readiness(), /^The login of mine failed and rests for \d+ s more; there is no valid token\.$/)

    const again = await ask()
    t.match(again, { ...told, retryAfter: /^[1-9]\d*$/ }, 'a caller in the pause is told at once')
    t.equal(servicechannel.logins.length, 2, 'and nobody is asked')

    login.answer = grantToken
    pass(Number(again.retryAfter))
    t.equal(await proxy.readiness(), 'ready', 'somebody has to be let in to try')
    t.equal((await ask()).status, 200, 'retry-after was honest')
    t.equal(await proxy.readiness(), 'ready')
    t.equal(servicechannel.arrivals.length, 1, 'nothing went to the API without a token')
    spaced(t, servicechannel.logins)
  })
}

for (const location of ['/Account/LogOn?ReturnUrl=%2foauth%2ftoken', 'https://login.example/Account/LogOn', '']) {
  t.test(`a login host that leads to its login page (${location}) has rejected the client`, { buffered }, async (t) => {
    const { ask, login, pass, proxy, servicechannel } = await startWeather(t)
    login.answer = (response) => redirectTo(response, location)
    for (let n = 0; n < 5; n++) {
      t.match(await ask(), { status: 502, code: 'login_rejected', retryAfter: null })
      pass(3600)
    }
    t.equal(servicechannel.logins.length, 1)
    t.match(await proxy.readiness(), /^mine rejected the login and there is no valid token/)
  })
}

for (const status of [429, 503]) {
  t.test(`a login limit told with ${status} is waited out`, { buffered }, async (t) => {
    const { ask, login, grantToken, servicechannel } = await startWeather(t)
    login.answer = (response) => {
      response.writeHead(status, { 'error-message': 'Rejected by security reason: Login attempts limit exceed.' }).end()
      login.answer = grantToken
    }
    t.equal((await ask()).status, 200)
    t.equal(servicechannel.logins.length, 2)
    spaced(t, servicechannel.logins)
  })
}

t.test('a refused refresh token is followed by the password, and a new one by a newer one', { buffered }, async (t) => {
  const { ask, login, grantToken, pass, grants, shown, servicechannel } = await startWeather(t)
  await ask()
  pass(700)
  await ask()
  pass(700)
  login.answer = (response, form) => {
    if (form.get('grant_type') === 'refresh_token') json(response, 400, { error: 'invalid_grant' })
    else grantToken(response)
  }
  t.equal((await ask()).status, 200)
  t.strictSame(grants(), ['password', 'refresh_token', 'refresh_token', 'refresh_token', 'password'])
  t.strictSame(
    servicechannel.logins.slice(1, 4).map(({ form }) => form.get('refresh_token')),
    ['re!fresh-1', 're!fresh-2', 're!fresh-1'],
    'the newest first, then the one it replaced'
  )
  t.strictSame(shown(), ['token-1', 'token-2', 'token-3'])
  spaced(t, servicechannel.logins)
})

t.test('a token that still lives is used to its end while the login is down', { buffered }, async (t) => {
  const { ask, login, pass, proxy, shown, servicechannel } = await startWeather(t)
  await ask()
  login.answer = (response) => html(response, 500)
  pass(550)
  t.equal((await ask()).status, 200)
  await until(() => servicechannel.logins.length === 2)
  pass(49)
  t.equal((await ask()).status, 200)
  t.equal(await proxy.readiness(), 'ready')
  pass(1)
  t.match(await ask(), { status: 503, code: 'login_resting' })
  t.match(await proxy.readiness(), /rests for/)
  t.strictSame(shown(), ['token-1', 'token-1', 'token-1'])
})

t.test('after a suspend the first call logs in, and none carries the token of before', { buffered }, async (t) => {
  const { ask, pass, shown, grants, proxy } = await startWeather(t)
  await ask()
  pass(7200)
  t.equal(await proxy.readiness(), 'ready')
  const calls = await Promise.all(Array.from({ length: 20 }, () => ask()))
  t.ok(calls.every(({ status }) => status === 200))
  t.strictSame([...new Set(shown().slice(1))], ['token-2'])
  t.strictSame(grants(), ['password', 'refresh_token'])
})

t.test('a token that ends while its call waits for a connection is not sent', { buffered }, async (t) => {
  const held: ServerResponse[] = []
  const { ask, pass, shown, proxy } = await startWeather(t, {
    connections: 1,
    answer: (request, response) => (request.url === '/held' ? held.push(response) : response.end('ok'))
  })
  const first = ask('/held')
  await until(() => held.length === 1)
  const second = ask('/next', { method: 'POST', body: Buffer.alloc(300_000) })
  await until(() => proxy.open() === 2)
  pass(601)
  held[0]?.end('ok')
  t.equal((await first).status, 200)
  t.equal((await second).status, 200)
  t.strictSame(shown(), ['token-1', 'token-2'])
})

for (const minutes of [-10, 10]) {
  t.test(
    `a server whose clock is ${minutes} min off is taken at its word, not at its date`,
    { buffered },
    async (t) => {
      const theirs = () => new Date(Date.now() + minutes * 60_000)
      let refusals = 1
      const { ask, login, grantToken, pass, servicechannel } = await startWeather(t, {
        answer: (_request, response) => {
          const later = new Date(theirs().getTime() + 2000).toUTCString()
          const date = theirs().toUTCString()
          if (refusals-- > 0)
            json(response, 429, { Reason: 'Request has been throttled.' }, { date, 'retry-after': later })
          else json(response, 200, {}, { date })
        }
      })
      login.answer = (response) => {
        response.setHeader('date', theirs().toUTCString())
        grantToken(response)
      }
      const start = performance.now()
      t.equal((await ask()).status, 200)
      t.ok(performance.now() - start < 10_000, 'it rests for the two seconds that were meant')
      pass(500)
      t.equal((await ask()).status, 200)
      t.equal(servicechannel.logins.length, 1, 'the token lives as long as it was said to')
      pass(100)
      t.equal((await ask()).status, 200)
      t.equal(servicechannel.logins.length, 2, 'and no longer')
    }
  )
}

function spaced(t: import('tap').Test, logins: readonly { at: number }[]): void {
  const gaps = logins.slice(1).map(({ at }, n) => at - (logins[n]?.at ?? 0))
  t.ok(
    gaps.every((gap) => gap >= spacingMs - 100),
    `never two logins within five seconds: ${gaps.map(Math.round)} ms`
  )
}
