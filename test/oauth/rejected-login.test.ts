import t from 'tap'
import {
  credentials,
  failureOf,
  grant,
  html,
  invalidGrant,
  loginHost,
  redirect,
  storeFor,
  useClock
} from './login-host.js'

t.test('a rejected password is tried once, however many calls come in an hour', async (t) => {
  const clock = useClock(t)
  const host = loginHost(invalidGrant('Invalid credentials'))
  const store = storeFor(t, host.fetch)
  for (let minute = 0; minute < 60; minute++) {
    const failures = await Promise.all(Array.from({ length: 20 }, () => failureOf(store.get())))
    for (const failure of failures) t.match(failure, { code: 'login_rejected', status: 502, retryAfter: undefined })
    await clock.tickAsync(60_000)
  }
  t.match(await failureOf(store.get()), { message: /user name or password \("Invalid credentials"\)/ })
  t.match(store.snapshot(), { state: 'rejected', restingForMs: undefined, lastError: 'login_rejected' })
  t.equal(host.posts.length, 1)
})

t.test('a rejected client is told apart from a rejected password, and tried once as well', async (t) => {
  for (const answer of [redirect(), html(200, '<input type="password">'), new Response('', { status: 401 })]) {
    const clock = useClock(t)
    const host = loginHost(answer)
    const store = storeFor(t, host.fetch)
    t.match(await failureOf(store.get()), {
      code: 'login_rejected',
      message:
        /"sandbox2".*client id or secret, or the client was not made in this environment.*"sc-proxy config".*SC_PROXY_CLIENT_SECRET or from a file/
    })
    await clock.tickAsync(3_600_000)
    await failureOf(store.get())
    t.equal(host.posts.length, 1)
    clock.uninstall()
  }
})

t.test('new secrets are tried, the same ones are not', async (t) => {
  const clock = useClock(t)
  const host = loginHost(invalidGrant())
  const store = storeFor(t, host.fetch)
  await failureOf(store.get())
  store.replaceCredentials({ ...credentials })
  await failureOf(store.get())
  t.equal(host.posts.length, 1)
  store.replaceCredentials({ ...credentials, password: 'corrected' })
  const token = store.get()
  await clock.tickAsync(6000)
  t.match(await token, { accessToken: 'token-2' })
  t.equal(host.posts[1]?.fields.password, 'corrected')
})

t.test('a reload that changes nothing keeps the token', async (t) => {
  useClock(t)
  const store = storeFor(t, loginHost().fetch)
  const token = await store.get()
  store.replaceCredentials({ ...credentials })
  t.equal(await store.get(), token)
})

t.test('new credentials leave nothing of the old user', async (t) => {
  const clock = useClock(t)
  const host = loginHost(grant({ refresh_token: 'of the porter' }))
  const store = storeFor(t, host.fetch)
  const token = await store.get()
  store.replaceCredentials({ ...credentials, username: 'manager' })
  t.match(store.snapshot(), { state: 'none' })
  await clock.tickAsync(1)
  t.not((await store.get()).accessToken, token.accessToken)
  t.match(host.posts[1]?.fields, { grant_type: 'password', username: 'manager' })
})

t.test('who waits for the old login gets the new one', async (t) => {
  const clock = useClock(t)
  const host = loginHost('hang')
  const store = storeFor(t, host.fetch)
  const waiting = Promise.all([store.get(), store.get(new AbortController().signal)])
  await clock.tickAsync(1000)
  store.replaceCredentials({ ...credentials, password: 'new' })
  await clock.tickAsync(6000)
  for (const token of await waiting) t.equal(token.accessToken, 'token-2')
  t.equal(host.posts[1]?.fields.password, 'new')
})

t.test('somebody running login may try the same secrets once more', async (t) => {
  const clock = useClock(t)
  const host = loginHost(invalidGrant(), invalidGrant())
  const store = storeFor(t, host.fetch)
  await failureOf(store.get())
  store.tryAgain()
  const second = failureOf(store.get())
  await clock.tickAsync(6000)
  t.match(await second, { code: 'login_rejected' })
  await failureOf(store.get())
  t.equal(host.posts.length, 2)
})

t.test('a token that still lives is used although the login is now rejected', async (t) => {
  const clock = useClock(t)
  const host = loginHost(grant(), invalidGrant())
  const store = storeFor(t, host.fetch)
  const token = await store.get()
  await clock.tickAsync(545_000)
  await store.get()
  await clock.tickAsync(10_000)
  t.equal(await store.get(), token)
  t.match(store.snapshot(), { state: 'valid', lastError: 'login_rejected' })
  await clock.tickAsync(50_000)
  t.match(await failureOf(store.get()), { code: 'login_rejected' })
  t.equal(host.posts.length, 2)
})

t.test('nothing to log in with is said without asking', async (t) => {
  useClock(t)
  const host = loginHost()
  const { clientId, clientSecret } = credentials
  const store = storeFor(t, host.fetch, { credentials: { clientId, clientSecret, username: 'no password' } })
  t.match(await failureOf(store.get()), {
    code: 'login_rejected',
    message: /Set SC_PROXY_USERNAME and SC_PROXY_PASSWORD/
  })
  t.equal(host.posts.length, 0)
})

t.test('a code begins a new session, also after a rejection', async (t) => {
  const clock = useClock(t)
  const host = loginHost(invalidGrant(), grant({ access_token: 'by code', refresh_token: 'r1' }))
  const store = storeFor(t, host.fetch)
  await failureOf(store.get())
  const login = store.loginWithCode('c0de!', 'http://127.0.0.1:8765/callback')
  await clock.tickAsync(6000)
  await login
  t.match(await store.get(), { accessToken: 'by code' })
  t.match(store.snapshot(), { state: 'valid', lastError: undefined })
  t.ok(Math.abs((store.snapshot().sessionEndsInMs ?? 0) - 30 * 86_400_000) < 10_000)
  t.same(host.posts[1]?.fields, {
    grant_type: 'authorization_code',
    code: 'c0de!',
    redirect_uri: 'http://127.0.0.1:8765/callback'
  })
  await clock.tickAsync(600_000)
  await store.get()
  t.match(host.posts[2]?.fields, { grant_type: 'refresh_token', refresh_token: 'r1' })
})

t.test('a code that is not accepted is used once and leaves the session as it was', async (t) => {
  for (const [answer, code] of [
    [invalidGrant(), 'login_rejected'],
    [html(500), 'login_resting']
  ] as const) {
    const clock = useClock(t)
    const host = loginHost(grant(), answer)
    const store = storeFor(t, host.fetch)
    const token = await store.get()
    const login = failureOf(store.loginWithCode('stale', 'http://127.0.0.1:8765/callback'))
    await clock.tickAsync(20_000)
    t.match(await login, { code })
    t.equal(await store.get(), token)
    t.equal(host.posts.length, 2)
    clock.uninstall()
  }
})
