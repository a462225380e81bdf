import t from 'tap'
import { retryAfterMs } from '../../src/limiter/retry-after.js'
import { readThrottle } from '../../src/limiter/throttle-reply.js'

const nowMs = Date.UTC(2026, 10, 23, 12, 0, 0)
const now = 'Mon, 23 Nov 2026 12:00:00 GMT'

t.test('Retry-After in every form, and in none', async (t) => {
  const forms: [string | undefined, number | undefined][] = [
    ['0', 0],
    ['30', 30_000],
    [' 30 ', 30_000],
    ['1.5', 1500],
    ['0.0001', 1],
    ['-5', 0],
    ['99999999999999999999999', 2 ** 31 * 1000],
    ['Mon, 23 Nov 2026 12:00:42 GMT', 42_000],
    ['mon, 23 nov 2026 12:00:42 gmt', 42_000],
    ['Monday, 23-Nov-26 12:00:42 GMT', 42_000],
    ['Mon Nov 23 12:00:42 2026', 42_000],
    ['Wed Dec  2 12:00:00 2026', 9 * 86_400_000],
    ['Mon, 23 Nov 2026 12:01:60 GMT', 120_000],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
    ['Tue, 31 Feb 2026 12:00:00 GMT', undefined],
    ['Mon, 23 Foo 2026 12:00:00 GMT', undefined],
    ['Mon, 23 Nov 2026 24:00:00 GMT', undefined],
    ['Mon, 23 Nov 2026 12:00:42 PST', undefined],
    ['2026-11-23T12:00:42Z', undefined],
    ['soon', undefined],
    ['30 seconds', undefined],
    ['0x10', undefined],
    ['1e3', undefined],
    ['NaN', undefined],
    ['', undefined],
    [undefined, undefined]
  ]
  for (const [value, ms] of forms) t.equal(retryAfterMs(value, undefined, nowMs), ms, String(value))
})

t.test('a date counts from the Date of the same answer, so that clocks need not agree', async (t) => {
  const skewed = nowMs + 10 * 60_000
  t.equal(retryAfterMs('Mon, 23 Nov 2026 12:00:42 GMT', now, skewed), 42_000)
  t.equal(retryAfterMs('Mon, 23 Nov 2026 12:00:42 GMT', now, nowMs - 10 * 60_000), 42_000)
  t.equal(retryAfterMs('Mon, 23 Nov 2026 12:00:42 GMT', 'yesterday', nowMs), 42_000)
  t.equal(retryAfterMs('42', now, skewed), 42_000)
  t.equal(retryAfterMs('Mon, 23 Nov 2026 11:59:00 GMT', now, nowMs), 0)
})

const reason = (sentence: string) => JSON.stringify({ Reason: sentence })
const throttled = (kind: string, calls = 40, per = '[1] minute') =>
  reason(`Request has been throttled. Your current ${kind} limit is [${calls}] per ${per}`)

function read(status: number, body?: string, retryAfter?: string) {
  return readThrottle({ status, retryAfter, date: now, body, nowMs })
}

t.test('a refusal by the limit tells whose limit it was, how high it is and when to come back', async (t) => {
  const limit = { calls: 40, windowMs: 60_000 }
  t.same(read(429, throttled('Application'), 'Mon, 23 Nov 2026 12:00:20 GMT'), {
    kind: 'throttled',
    scope: 'application',
    untilMs: 20_000,
    limit
  })
  t.same(read(503, throttled('Application')), { kind: 'throttled', scope: 'application', limit })
  t.same(read(429, throttled('Company', 600)), {
    kind: 'throttled',
    scope: 'company',
    limit: { calls: 600, windowMs: 60_000 }
  })
  t.match(read(429, throttled('Application', 5, '[10] seconds')), { limit: { calls: 5, windowMs: 10_000 } })
  t.match(read(429, throttled('Application', 5, '[2] Hours')), { limit: { calls: 5, windowMs: 7_200_000 } })
  t.same(
    read(
      429,
      '<Error><Reason>Request has been throttled. Your current Company limit is [80] per [1] minute</Reason></Error>'
    ),
    {
      kind: 'throttled',
      scope: 'company',
      limit: { calls: 80, windowMs: 60_000 }
    }
  )
  t.same(read(429), { kind: 'throttled', scope: 'unknown' })
  t.same(read(429, '<html>Too many requests</html>', '7'), { kind: 'throttled', scope: 'unknown', untilMs: 7000 })
  t.same(read(503, undefined, '7'), { kind: 'throttled', scope: 'unknown', untilMs: 7000 })
  t.same(read(429, throttled('Application', 0)), { kind: 'throttled', scope: 'application' }, 'a limit of none is none')
})

t.test('a 503 of the business itself is no refusal', async (t) => {
  t.equal(read(503), undefined)
  t.equal(read(503, '{"ErrorCodes":[503],"ErrorMessage":"Service unavailable","Reason":"Database is down"}'), undefined)
  t.equal(read(503, '<html>Service unavailable</html>', 'soon'), undefined)
})

t.test('Retry-After on another answer is advice to slow down', async (t) => {
  for (const status of [200, 201, 302, 400, 404]) {
    t.same(read(status, undefined, '3'), { kind: 'paced', untilMs: 3000 }, String(status))
    t.equal(read(status), undefined, String(status))
  }
  for (const status of [500, 502, 504]) t.equal(read(status, undefined, '3'), undefined, String(status))
})
