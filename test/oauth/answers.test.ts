import t from 'tap'
import { readAnswer } from '../../src/oauth/answer.js'
import { grant, html, json, redirect, throttled } from './login-host.js'

const granted = { kind: 'granted', accessToken: 'token', lifeMs: 600_000 }
const unusable = { kind: 'unusable' }

t.test('a token is read from every form its fields come in', async (t) => {
  t.same(await readAnswer(grant({ refresh_token: 'q1w2!x' })), { ...granted, refreshToken: 'q1w2!x' })
  for (const [fields, lifeMs] of [
    [{ expires_in: 599 }, 599_000],
    [{ expires_in: '599' }, 599_000],
    [{ expires_in: 0.5 }, 500],
    [{ expires_in: undefined }, 600_000],
    [{ expires_in: null }, 600_000],
    [{ token_type: undefined }, 600_000],
    [{ token_type: 'Bearer' }, 600_000],
    [{ refresh_token: null, scope: null }, 600_000],
    [{ refresh_token: '' }, 600_000]
  ] as const) {
    t.same(await readAnswer(grant(fields)), { ...granted, lifeMs, refreshToken: undefined }, JSON.stringify(fields))
  }
  const unnamed = new Response('{"access_token":"token"}', { headers: { 'content-type': 'text/plain' } })
  t.match(await readAnswer(unnamed), granted, 'whatever the content type')
})

t.test('a 200 that holds no usable token is an answer to retry, not a token', async (t) => {
  const life = [0, '0', -1, '-600', '600abc', 'soon', '', ' ', true, {}, [600], '1e999']
  for (const expires_in of life) t.match(await readAnswer(grant({ expires_in })), unusable, `life ${expires_in}`)
  const answers = {
    'another type': grant({ token_type: 'mac' }),
    'no token': json({ token_type: 'bearer', expires_in: 600 }),
    'an empty token': grant({ access_token: '' }),
    'a token that is no string': grant({ access_token: 42 }),
    'an empty body': new Response(''),
    'half a body': new Response('{"access_token":"tok'),
    'JSON that is no object': json(['token']),
    'JSON null': json(null),
    'an error that is none': json({ error: null }),
    HTML: html(200)
  }
  for (const [name, answer] of Object.entries(answers)) t.match(await readAnswer(answer), unusable, name)
})

t.test('a redirect, a login page and an unauthenticated client mean the client is rejected', async (t) => {
  const answers = [
    redirect(),
    new Response(null, { status: 307 }),
    html(200, '<form><input name="p" type="password"></form>'),
    html(200, '<form action="/Account/LogOn?ReturnUrl=%2foauth%2ftoken">'),
    json({ error: 'invalid_client' }, 400),
    json({ error: 'unauthorized_client' }, 400),
    json({ error: 'invalid_client' }, 401, { 'www-authenticate': 'Basic' }),
    new Response('', { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } })
  ]
  for (const answer of answers) t.same(await readAnswer(answer), { kind: 'client_rejected' }, `${answer.status}`)
})

t.test('every 400 is taken for a rejection, described or not: a password is not repeated on a doubt', async (t) => {
  const rejected = (error?: string, description?: string) => ({ kind: 'grant_rejected', error, description })
  const bad = (body: string, status = 400) => readAnswer(new Response(body, { status }))
  t.same(await bad('{"error":"invalid_grant","error_description":"no"}'), rejected('invalid_grant', 'no'))
  t.same(await bad('{"error":"unsupported_grant_type"}'), rejected('unsupported_grant_type'))
  t.same(await bad('{"error":42}'), rejected())
  t.same(await bad('Invalid credentials'), rejected())
  t.same(await bad('<html>Bad Request</html>'), rejected())
  t.same(await bad(''), rejected())
  t.same(await bad('', 403), rejected())
  t.same(await bad('{"error":"invalid_grant"}', 401), rejected('invalid_grant'))
  t.same(await bad('{"error":"invalid_grant"}', 200), rejected('invalid_grant'))
})

t.test('too many logins are recognised by 429, or by the header under any status', async (t) => {
  const none = { kind: 'throttled', retryAfterMs: undefined }
  t.same(await readAnswer(throttled(429)), none)
  t.same(await readAnswer(throttled(503)), none)
  t.same(await readAnswer(throttled(400)), none, 'not taken for a wrong password')
  t.same(await readAnswer(new Response('{"error":"slow_down"}', { status: 429 })), none)
  t.match(await readAnswer(html(503)), unusable, 'a server that is merely down')
})

t.test('Retry-After is read as seconds or a date, by the clock of the server', async (t) => {
  const wait = async (value: string, date?: string) => {
    const answer = await readAnswer(throttled(429, { 'retry-after': value, ...(date && { date }) }))
    return answer.kind === 'throttled' && answer.retryAfterMs
  }
  t.equal(await wait('7'), 7000)
  t.equal(await wait('0'), 0)
  t.equal(await wait('Tue, 05 May 2026 10:00:08 GMT', 'Tue, 05 May 2026 10:00:00 GMT'), 8000)
  const soon = await wait(new Date(Date.now() + 20_000).toUTCString())
  t.ok(typeof soon === 'number' && soon > 15_000 && soon <= 20_000, 'without a Date, by ours')
  for (const value of ['3600', '-5', 'later', 'Tue, 05 May 2020 10:00:08 GMT']) t.equal(await wait(value), undefined)
})

t.test('any other status says something about the server, not about us', async (t) => {
  for (const status of [404, 405, 408, 415, 500, 502, 504]) {
    t.same(await readAnswer(html(status)), { kind: 'unusable', reason: `answered ${status}` })
  }
})

t.test('an answer that breaks off rejects', async (t) => {
  const body = new ReadableStream({
    pull: (controller) => controller.error(new Error('cut'))
  })
  await t.rejects(readAnswer(new Response(body)), { message: 'cut' })
})
