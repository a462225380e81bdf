import t, { type Test } from 'tap'
import type { Credentials, TokenStore } from '../../src/oauth/token-store.js'
import {
  credentials,
  grant,
  html,
  invalidGrant,
  json,
  loginHost,
  type Reply,
  redirect,
  storeFor,
  useClock
} from './login-host.js'

const { clientId, clientSecret } = credentials
const refreshable = (token: string) => grant({ refresh_token: token })

function session(t: Test, given: Credentials, ...script: Reply[]) {
  const clock = useClock(t)
  const host = loginHost(...script)
  const store: TokenStore = storeFor(t, host.fetch, { credentials: given })
  /** Lets the token end and waits for what comes next. */
  const renew = async () => {
    await clock.tickAsync(600_000)
    const next = store.get().catch((error: Error) => error)
    await clock.tickAsync(20_000)
    return next
  }
  const grants = () => host.posts.map(({ fields }) => fields.refresh_token ?? fields.grant_type)
  return { clock, host, store, renew, grants }
}

t.test('the newest refresh token wins', async (t) => {
  const { store, renew, grants } = session(t, credentials, refreshable('r1'), refreshable('r2'), refreshable('r3'))
  await store.get()
  for (let i = 0; i < 3; i++) await renew()
  t.same(grants(), ['password', 'r1', 'r2', 'r3'])
})

t.test('an answer without a refresh token keeps the old one', async (t) => {
  for (const absent of [undefined, null, '']) {
    await t.test(`${absent}`, async (t) => {
      const kept = () => grant({ refresh_token: absent })
      const { store, renew, grants } = session(t, credentials, refreshable('r1'), kept(), kept())
      await store.get()
      for (let i = 0; i < 3; i++) await renew()
      t.same(grants(), ['password', 'r1', 'r1', 'r1'])
    })
  }
})

t.test('the one before stays in reserve until the new one has worked', async (t) => {
  const { store, host, renew, grants } = session(
    t,
    credentials,
    refreshable('r1'),
    refreshable('r2'),
    invalidGrant(),
    refreshable('r3'),
    grant()
  )
  await store.get()
  await renew()
  t.match(await renew(), { generation: 3 })
  await renew()
  t.same(grants(), ['password', 'r1', 'r2', 'r1', 'r3'])
  host.script.push(invalidGrant())
  await renew()
  t.same(grants().slice(5), ['r3', 'password'], 'r1 is gone: r3 has worked')
})

t.test('a refused session falls back to the password, each request at its distance', async (t) => {
  for (const refusal of [invalidGrant(), json({ error: 'invalid_request' }, 400), redirect()]) {
    await t.test(`${refusal.status}`, async (t) => {
      const { store, host, renew, grants } = session(t, credentials, refreshable('r1'), refusal, refreshable('r2'))
      await store.get()
      t.match(await renew(), { generation: 2 })
      t.same(grants(), ['password', 'r1', 'password'])
      t.equal((host.posts[2]?.at ?? 0) - (host.posts[1]?.at ?? 0), 5100)
      await renew()
      t.same(grants().slice(3), ['r2'])
    })
  }
})

t.test('a refused refresh does not count against the password', async (t) => {
  const { store, renew, grants } = session(t, credentials, refreshable('r1'), invalidGrant(), html(500), html(500))
  await store.get()
  t.match(await renew(), { code: 'login_resting' })
  t.match(await renew(), { generation: 2 })
  t.same(grants(), ['password', 'r1', 'password', 'password', 'password'])
})

t.test('without a password a refused session has ended, which is found out once', async (t) => {
  for (const refusal of [invalidGrant(), redirect()]) {
    await t.test(`${refusal.status}`, async (t) => {
      const { store, renew, grants } = session(t, { clientId, clientSecret, refreshToken: 'r0' }, grant(), refusal)
      await store.get()
      const ended = { code: 'login_rejected', message: /session has ended: "sandbox2"/ }
      t.match(await renew(), ended)
      t.match(await renew(), ended)
      t.match(store.snapshot(), { state: 'rejected' })
      t.same(grants(), ['r0', 'r0'])
    })
  }
})

t.test('a failure that may pass does not cost the refresh token', async (t) => {
  const { store, renew, grants } = session(t, credentials, refreshable('r1'), html(503), new Response(''), html(500))
  await store.get()
  t.match(await renew(), { code: 'login_resting' })
  t.match(await renew(), { generation: 2 })
  t.same(grants(), ['password', 'r1', 'r1', 'r1', 'r1'])
})

t.test('the session is counted from the last login, not from the last refresh', async (t) => {
  const { store, renew } = session(t, credentials, refreshable('r1'))
  t.equal(store.snapshot().sessionEndsInMs, undefined)
  await store.get()
  t.equal(store.snapshot().sessionEndsInMs, 30 * 86_400_000)
  await renew()
  t.equal(store.snapshot().sessionEndsInMs, 30 * 86_400_000 - 620_000)
})

t.test('on day thirty, with the refresh tokens dead, the password begins a new session', async (t) => {
  const { store, clock, renew, grants } = session(t, credentials, refreshable('r1'), invalidGrant())
  await store.get()
  await clock.tickAsync(30 * 86_400_000)
  t.equal(store.snapshot().sessionEndsInMs, 0)
  t.match(await renew(), { generation: 2 })
  t.same(grants(), ['password', 'r1', 'password'])
})
