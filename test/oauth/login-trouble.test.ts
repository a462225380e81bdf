import t from 'tap'
import { createGovernors } from '../../src/oauth/governor.js'
import { failureOf, grant, html, loginHost, networkError, storeFor, throttled, useClock } from './login-host.js'

const gaps = (posts: { at: number }[]) => posts.slice(1).map(({ at }, i) => at - (posts[i]?.at ?? 0))

t.test('too many logins are waited out within the same call', async (t) => {
  for (const [name, answer, gap] of [
    ['429', () => throttled(429), 5100],
    ['503', () => throttled(503), 5100],
    ['Retry-After', () => throttled(429, { 'retry-after': '8' }), 8000],
    ['a Retry-After below the spacing', () => throttled(429, { 'retry-after': '1' }), 5100],
    ['an absurd Retry-After', () => throttled(429, { 'retry-after': '86400' }), 5100]
  ] as const) {
    await t.test(name, async (t) => {
      const clock = useClock(t)
      const host = loginHost(answer(), answer())
      const token = storeFor(t, host.fetch).get()
      await clock.tickAsync(30_000)
      t.match(await token, { accessToken: 'token-3' })
      t.same(gaps(host.posts), [gap, gap])
    })
  }
})

t.test(
  'a server that goes on throttling fails the call within half a minute, with the time to come back',
  async (t) => {
    const clock = useClock(t)
    const host = loginHost(...Array.from({ length: 9 }, () => throttled(429)))
    const store = storeFor(t, host.fetch)
    const start = performance.now()
    const failure = failureOf(store.get()).then((error) => [error, performance.now() - start])
    await clock.tickAsync(31_000)
    t.match(await failure, [{ code: 'login_resting', status: 503, retryAfter: 6 }, 15_300])
    t.equal(host.posts.length, 4)
  }
)

t.test('a Retry-After beyond half a minute is not sat out but passed on', async (t) => {
  const clock = useClock(t)
  const host = loginHost(throttled(429, { 'retry-after': '45' }))
  const store = storeFor(t, host.fetch)
  t.match(await failureOf(store.get()), { code: 'login_resting', retryAfter: 45 })
  await clock.tickAsync(40_000)
  t.match(await failureOf(store.get()), { code: 'login_resting', retryAfter: 5 })
  t.equal(host.posts.length, 1)
  await clock.tickAsync(5000)
  t.match(await store.get(), { accessToken: 'token-2' })
})

t.test('what may pass is tried once more, after the spacing, within the same call', async (t) => {
  for (const [name, trouble] of [
    ['500', html(500)],
    ['502', html(502)],
    ['503 without a reason', html(503)],
    ['404', html(404)],
    ['HTML', html(200)],
    ['half a JSON', new Response('{"access_token":"t')],
    ['an empty body', new Response('')],
    ['a life of nothing', grant({ expires_in: 0 })],
    ['a dropped connection', networkError('ECONNRESET')],
    ['no route', networkError('ENOTFOUND')]
  ] as const) {
    await t.test(name, async (t) => {
      const clock = useClock(t)
      const host = loginHost(trouble)
      const token = storeFor(t, host.fetch).get()
      await clock.tickAsync(6000)
      t.match(await token, { accessToken: 'token-2' })
      t.same(gaps(host.posts), [5100])
    })
  }
})

t.test('failures name their row, the environment and the origin', async (t) => {
  for (const [code, trouble] of [
    ['login_resting', () => html(500)],
    ['login_resting', () => html(200)],
    ['login_unreachable', () => networkError('ECONNREFUSED')],
    ['login_unreachable', () => networkError('ENOTFOUND')],
    ['login_unreachable', () => networkError('EAI_AGAIN')],
    ['login_unreachable', () => networkError('ECONNRESET')],
    ['login_unreachable', () => networkError('UND_ERR_SOCKET')],
    ['login_unreachable', () => new TypeError('fetch failed')],
    ['login_timeout', () => networkError('UND_ERR_CONNECT_TIMEOUT')],
    ['login_timeout', () => networkError('UND_ERR_HEADERS_TIMEOUT')]
  ] as const) {
    await t.test(`${code}: ${trouble()}`, async (t) => {
      const clock = useClock(t)
      const host = loginHost(trouble(), trouble())
      const failure = failureOf(storeFor(t, host.fetch).get())
      await clock.tickAsync(6000)
      t.match(await failure, { code, message: /"sandbox2" \(https:\/\/login\.example\.test\)/, retryAfter: 6 })
      t.equal(host.posts.length, 2)
    })
  }
})

t.test('a certificate that cannot be trusted is not tried again within the call', async (t) => {
  for (const code of [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'
  ]) {
    await t.test(code, async (t) => {
      useClock(t)
      const host = loginHost(networkError(code))
      t.match(await failureOf(storeFor(t, host.fetch).get()), { code: 'login_untrusted', message: RegExp(code) })
      t.equal(host.posts.length, 1)
    })
  }
})

t.test('the words for a broken connection can be given', async (t) => {
  useClock(t)
  const explain = () => ({ kind: 'untrusted' as const, reason: 'the certificate is for a cat', isLasting: true })
  const store = storeFor(t, loginHost(networkError('X')).fetch, { explain })
  t.match(await failureOf(store.get()), {
    code: 'login_untrusted',
    message: /cannot be trusted: the certificate is for a cat\.$/
  })
})

t.test('a login server that never answers ends at the timeout, and the next call asks anew', async (t) => {
  const clock = useClock(t)
  const host = loginHost('hang', 'hang')
  const store = storeFor(t, host.fetch, { timeoutMs: 8000 })
  const start = performance.now()
  const all = Array.from({ length: 5 }, () =>
    failureOf(store.get()).then((error) => [error, performance.now() - start])
  )
  await clock.tickAsync(60_000)
  for (const failure of await Promise.all(all)) t.match(failure, [{ code: 'login_timeout', status: 504 }, 21_100])
  t.match(await store.get(), { accessToken: 'token-3' })
})

t.test('a body that never ends counts against the timeout too', async (t) => {
  const clock = useClock(t)
  const endless = () => new Response(new ReadableStream())
  const store = storeFor(t, loginHost(endless, endless).fetch, { timeoutMs: 1000 })
  const failure = failureOf(store.get())
  await clock.tickAsync(10_000)
  t.match(await failure, { code: 'login_timeout' })
})

t.test('after a failure the login rests for growing pauses, in which nobody is kept waiting', async (t) => {
  const clock = useClock(t)
  const host = loginHost(...Array.from({ length: 99 }, () => html(500)))
  const store = storeFor(t, host.fetch)
  const pauses: (number | undefined)[] = []
  for (let i = 0; i < 7; i++) {
    const failure = failureOf(store.get())
    await clock.tickAsync(5100)
    const { code, message, retryAfter } = await failure
    pauses.push(retryAfter)
    const posts = host.posts.length
    await clock.tickAsync(1000)
    const again = await failureOf(store.get())
    t.match(again, { code, message, retryAfter: (retryAfter ?? 0) - 1 })
    t.match(store.snapshot(), { state: 'resting', lastError: 'login_resting' })
    t.equal(host.posts.length, posts)
    await clock.tickAsync(((retryAfter ?? 0) - 1) * 1000)
  }
  t.same(pauses, [6, 10, 20, 40, 60, 60, 60])
  host.script.length = 0
  t.match(await store.get(), { generation: 1 })
  t.match(store.snapshot(), { state: 'valid', restingForMs: undefined, lastError: undefined })
})

t.test('the spacing between requests holds over an hour of trouble', async (t) => {
  const clock = useClock(t)
  const host = loginHost(...Array.from({ length: 500 }, () => html(500)))
  const store = storeFor(t, host.fetch)
  for (let s = 0; s < 3600; s++) {
    store.get().catch(() => {})
    await clock.tickAsync(1000)
  }
  t.ok(Math.min(...gaps(host.posts)) >= 5000)
  t.ok(host.posts.length < 125, `${host.posts.length} requests`)
})

t.test('two stores of one user keep their requests apart', async (t) => {
  const clock = useClock(t)
  const host = loginHost()
  const governors = createGovernors()
  const both = [storeFor(t, host.fetch, { governors }), storeFor(t, host.fetch, { governors })]
  const tokens = Promise.all(both.map((store) => store.get()))
  await clock.tickAsync(6000)
  await tokens
  t.same(gaps(host.posts), [5100])
})
