import t from 'tap'
import { failureOf, grant, loginHost, networkError, storeFor, useClock } from './login-host.js'

/** A login server whose second answer comes when it is given. */
function slowHost() {
  let answer = (_response: Response) => {}
  const slow = new Promise<Response>((resolve) => {
    answer = resolve
  })
  return { host: loginHost(grant(), () => slow), answer }
}

t.test('a token is asked for once and handed out until its margin begins', async (t) => {
  const clock = useClock(t)
  const host = loginHost()
  const store = storeFor(t, host.fetch)
  const asked = performance.now()
  const token = await store.get()
  t.same(token, {
    accessToken: 'token-1',
    obtainedAt: asked,
    expiresAt: asked + 600_000,
    marginMs: 60_000,
    generation: 1
  })
  await clock.tickAsync(539_000)
  t.equal(await store.get(), token)
  t.equal(host.posts.length, 1)
})

t.test('the margin is a fifth of the life, and at most a minute', async (t) => {
  for (const [seconds, marginMs] of [
    [3600, 60_000],
    [600, 60_000],
    [60, 12_000],
    [12, 2400],
    [5, 1000],
    [1, 200]
  ] as const) {
    await t.test(`life of ${seconds} s`, async (t) => {
      const clock = useClock(t)
      const host = loginHost(grant({ expires_in: seconds }))
      const store = storeFor(t, host.fetch)
      const token = await store.get()
      t.equal(token.marginMs, marginMs)
      await clock.tickAsync(seconds * 1000 - marginMs - 1)
      t.equal(await store.get(), token)
      await clock.tickAsync(6000)
      t.equal(host.posts.length, 1, 'fresh: nothing is asked')
    })
  }
})

t.test('within the margin callers get the old token at once while one renewal runs', async (t) => {
  const clock = useClock(t)
  const { host, answer } = slowHost()
  const store = storeFor(t, host.fetch)
  const token = await store.get()
  await clock.tickAsync(545_000)
  for (const got of await Promise.all(Array.from({ length: 50 }, () => store.get()))) t.equal(got, token)
  await clock.tickAsync(10_000)
  t.equal(await store.get(), token)
  t.equal(host.posts.length, 2)
  answer(grant({ access_token: 'renewed' }))
  await clock.tickAsync(1)
  t.match(await store.get(), { accessToken: 'renewed', generation: 2 })
  t.equal(host.posts.length, 2)
})

t.test('life counts from the time of asking, so a slow answer does not lengthen it', async (t) => {
  const clock = useClock(t)
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(grant({ expires_in: 12 })), 10_000))
  const host = loginHost(() => late)
  const store = storeFor(t, host.fetch)
  const asked = performance.now()
  const got = store.get()
  await clock.tickAsync(10_000)
  const token = await got
  t.equal(token.obtainedAt, asked)
  t.equal(token.expiresAt, asked + 12_000)
  await clock.tickAsync(2000)
  const next = store.get()
  await clock.tickAsync(10_000)
  t.equal((await next).generation, 2)
})

t.test('a token that was over before it arrived is not handed out', async (t) => {
  const clock = useClock(t)
  const late = () => new Promise<Response>((resolve) => setTimeout(() => resolve(grant({ expires_in: 5 })), 6000))
  const host = loginHost(late, late)
  const failure = failureOf(storeFor(t, host.fetch).get())
  await clock.tickAsync(30_000)
  t.match(await failure, { code: 'login_resting' })
})

t.test('200 callers at the end of a token share one request and all get the new one', async (t) => {
  const clock = useClock(t)
  const host = loginHost()
  const store = storeFor(t, host.fetch)
  await store.get()
  await clock.tickAsync(600_000)
  const all = await Promise.all(Array.from({ length: 200 }, () => store.get()))
  t.ok(all.every(({ accessToken }) => accessToken === 'token-2'))
  t.equal(host.posts.length, 2)
})

t.test('lives shorter than the spacing still cost one request per spacing', async (t) => {
  const clock = useClock(t)
  const host = loginHost(...Array.from({ length: 20 }, () => grant({ expires_in: 1 })))
  const store = storeFor(t, host.fetch)
  const expired: unknown[] = []
  const end = performance.now() + 30_000
  const caller = async () => {
    while (performance.now() < end) {
      const token = await store.get()
      if (performance.now() >= token.expiresAt) expired.push(token)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const callers = Promise.all([caller(), caller(), caller()])
  await clock.tickAsync(40_000)
  await callers
  t.same(expired, [])
  t.ok(host.posts.length > 5)
  for (const [i, { at }] of host.posts.entries()) t.equal(at - (host.posts[0]?.at ?? 0), i * 5100)
})

t.test('after a suspend, during which only the wall clock ran, the next caller waits for a new token', async (t) => {
  const clock = useClock(t)
  const host = loginHost()
  const store = storeFor(t, host.fetch)
  await store.get()
  clock.setSystemTime(Date.now() + 7_200_000)
  t.match(store.snapshot(), { state: 'expired', expiresInMs: 0 })
  const waking = store.get()
  await clock.tickAsync(6000)
  t.equal((await waking).accessToken, 'token-2')
})

t.test('who asks for what is there gets it to its last moment, and the renewal runs once beside them', async (t) => {
  const clock = useClock(t)
  const { host, answer } = slowHost()
  const store = storeFor(t, host.fetch)
  t.equal(store.fresh(), undefined, 'nothing is there yet, and nothing is asked for')
  t.equal(host.posts.length, 0)
  const token = await store.get()
  await clock.tickAsync(539_000)
  t.equal(store.fresh(), token)
  t.equal(host.posts.length, 1, 'the margin has not begun')
  await clock.tickAsync(60_000)
  for (let n = 0; n < 50; n++) t.equal(store.fresh(), token)
  await clock.tickAsync(999)
  t.equal(store.fresh(), token)
  t.equal(host.posts.length, 2)
  await clock.tickAsync(1)
  t.equal(store.fresh(), undefined, 'an expired one is never handed out')
  answer(grant({ access_token: 'renewed' }))
  await clock.tickAsync(1)
  t.match(store.fresh(), { accessToken: 'renewed' })
})

t.test('a failed renewal in the background troubles nobody while the token lives', async (t) => {
  const clock = useClock(t)
  const host = loginHost(grant(), ...Array.from({ length: 40 }, () => networkError('ECONNREFUSED')))
  const store = storeFor(t, host.fetch)
  const token = await store.get()
  for (let s = 540; s < 600; s++) {
    await clock.tickAsync(s === 540 ? 540_500 : 1000)
    t.equal(await store.get(), token)
  }
  t.match(store.snapshot(), { state: 'valid', lastError: 'login_unreachable' })
  const tries = host.posts.map(({ at }) => (at - token.obtainedAt) / 1000).map(Math.floor)
  t.same(tries, [0, 540, 546, 556, 576], 'one try each, with growing pauses between them')
  await clock.tickAsync(500)
  host.script.length = 0
  t.match(await store.get(), { generation: 2 }, 'the end of the token cuts the pause short')
})

t.test('a caller who leaves ends only their own wait', async (t) => {
  const clock = useClock(t)
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(grant()), 3000))
  const host = loginHost(() => late)
  const store = storeFor(t, host.fetch)
  const first = new AbortController()
  const second = new AbortController()
  const leaving = [failureOf(store.get(first.signal)), failureOf(store.get(second.signal))]
  const staying = [store.get(), store.get(new AbortController().signal)]
  await clock.tickAsync(1000)
  first.abort()
  second.abort()
  for (const failure of leaving) t.match(await failure, { name: 'ProxyError', code: 'client_left' })
  t.match(await failureOf(store.get(first.signal)), { code: 'client_left' }, 'or never begins it')
  await clock.tickAsync(2000)
  for (const got of staying) t.match(await got, { generation: 1 })
  t.equal(host.posts.length, 1)
})

t.test('a refused token is not handed out again, and its renewal is shared', async (t) => {
  const clock = useClock(t)
  const host = loginHost()
  const store = storeFor(t, host.fetch)
  const token = await store.get()
  t.equal(store.refuse(token), true)
  const all = Promise.all(Array.from({ length: 50 }, () => store.get()))
  await clock.tickAsync(6000)
  t.ok((await all).every(({ generation }) => generation === 2))
  t.equal(store.refuse(token), true, 'the newer one is already there')
  t.equal(await store.get(), (await all)[0])
  t.equal(host.posts.length, 2)
})

t.test('a refusal while the renewal is already under way waits for that one', async (t) => {
  const clock = useClock(t)
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(grant()), 545_000 + 2000))
  const host = loginHost(grant(), () => late)
  const store = storeFor(t, host.fetch)
  const token = await store.get()
  await clock.tickAsync(545_000)
  await store.get()
  t.equal(store.refuse(token), true)
  const next = store.get()
  await clock.tickAsync(2000)
  t.equal((await next).generation, 2)
  t.equal(host.posts.length, 2)
})

t.test('one renewal a minute may be forced', async (t) => {
  const clock = useClock(t)
  const store = storeFor(t, loginHost().fetch)
  t.equal(store.refuse(await store.get()), true)
  const next = store.get()
  await clock.tickAsync(6000)
  const second = await next
  t.equal(store.refuse(second), false)
  t.equal(await store.get(), second, 'it stays in use')
  await clock.tickAsync(55_000)
  t.equal(store.refuse(second), true)
})

t.test('it is remembered when the API last accepted a token', async (t) => {
  const clock = useClock(t)
  const store = storeFor(t, loginHost().fetch)
  const token = await store.get()
  t.equal(store.lastAcceptedAt(token), undefined)
  await clock.tickAsync(1000)
  store.accepted(token)
  t.equal(store.lastAcceptedAt(token), performance.now())
})

t.test('closing ends every wait and leaves no timer', async (t) => {
  const clock = useClock(t)
  const host = loginHost(grant(), 'hang')
  const store = storeFor(t, host.fetch)
  store.refuse(await store.get())
  const waiting = failureOf(store.get())
  const login = failureOf(store.loginWithCode('code', 'http://127.0.0.1:9/callback'))
  await clock.tickAsync(6000)
  store.close()
  t.match(await waiting, { code: 'draining' })
  t.match(await login, { code: 'draining' })
  t.match(await failureOf(store.get()), { code: 'draining' })
  t.equal(clock.countTimers(), 0)
})
