import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { until } from '../support/until.js'
import { loginServer } from './login-server.js'
import { startRelay } from './relay.js'
import { type RedisServer, startRedis, withoutRedis } from './server.js'
import { credentials, openTokens, type Replica } from './tokens.js'

async function world(t: Test, count: number, options?: Parameters<typeof loginServer>[0]) {
  const redis = await startRedis(t)
  const { server, fetch } = loginServer(options)
  const replicas = Array.from({ length: count }, () => openTokens(t, redis, fetch))
  return { redis, server, fetch, replicas }
}

/** Everything Redis holds, as text. */
function everything(redis: RedisServer): string {
  const keys = redis.say('KEYS', '*').split('\n')
  return keys.map((key) => `${key} ${redis.say('HGETALL', key)}`).join('\n')
}

const all = (replicas: Replica[]) => Promise.all(replicas.map(({ tokens }) => tokens.get()))
const failure = (replica: Replica) =>
  replica.tokens.get().then(
    () => undefined,
    (error: { code: string }) => error.code
  )

t.setTimeout(60_000)
t.jobs = 8
const real = () => ({ skip: withoutRedis, buffered: true })

t.test('however many wait, one logs in for all', real(), async (t) => {
  const { replicas, server } = await world(t, 5)
  const tokens = await Promise.all([...Array(4)].map(() => all(replicas)))
  t.strictSame([...new Set(tokens.flat().map(({ accessToken }) => accessToken))], ['access 1'])
  t.equal(server.asked.length, 1)
  const lives = tokens.flat().map(({ expiresAt }) => expiresAt - server.asked[0]!)
  t.ok(
    lives.every((life) => life > 599_000 && life <= 600_050),
    'with the life it has'
  )
})

t.test('who has just started and is asked at once waits for Redis before it logs in for itself', real(), async (t) => {
  const redis = await startRedis(t)
  const relay = await startRelay(t, redis.port, 150)
  const { server, fetch } = loginServer()
  const url = `redis://127.0.0.1:${relay.port}`
  const replicas = Array.from({ length: 3 }, () => openTokens(t, { url }, fetch))
  t.strictSame([...new Set((await all(replicas)).map(({ accessToken }) => accessToken))], ['access 1'])
  t.equal(server.asked.length, 1)
})

t.test(
  'renewals are one for all too, with the refresh token of whoever was last, and five seconds apart',
  real(),
  async (t) => {
    const { replicas, server } = await world(t, 3, { lifeSeconds: 6 })
    const until = performance.now() + 11_500
    while (performance.now() < until) {
      await all(replicas)
      await pause(50)
    }
    t.ok(server.asked.length >= 3 && server.asked.length <= 4, `${server.asked.length} requests`)
    t.equal(server.tooSoon, 0)
    t.strictSame([...new Set(server.grants)], ['password', 'refresh_token'])
  }
)

t.test('a login that takes longer than a lease stays one', real(), async (t) => {
  const { replicas, server } = await world(t, 3, { takesMs: 7500 })
  await all(replicas)
  t.equal(server.asked.length, 1)
})

t.test(
  'a replica that dies while it logs in is followed by another, not before the server allows it',
  real(),
  async (t) => {
    const { replicas, server } = await world(t, 2, { takesMs: 300 })
    const dead = replicas[0]!.tokens.get().catch(() => undefined)
    await until(() => server.asked.length === 1)
    replicas[0]!.sharing?.close()
    const token = await replicas[1]!.tokens.get()
    t.match(token.accessToken, /access 2/)
    t.equal(server.tooSoon, 0)
    t.ok(await dead, 'the one that was cut off only keeps what it got for itself')
    t.equal((await replicas[1]!.tokens.get()).accessToken, 'access 2')
  }
)

t.test('a rejected password is tried once for all, also by who comes later, until it changes', real(), async (t) => {
  const { replicas, server, redis, fetch } = await world(t, 3)
  server.password = 'another'
  t.strictSame(await Promise.all(replicas.map(failure)), ['login_rejected', 'login_rejected', 'login_rejected'])
  replicas.push(openTokens(t, redis, fetch))
  await pause(1500)
  t.strictSame(await Promise.all(replicas.map(failure)), Array(4).fill('login_rejected'))
  redis.say('FLUSHALL')
  await pause(1500)
  t.equal(await failure(replicas[0]!), 'login_rejected')
  t.equal(server.asked.length, 1)
  await pause(3000)
  replicas[0]!.tokens.replaceCredentials({ ...credentials, password: 'another' })
  t.ok(await replicas[0]!.tokens.get())
  t.equal(server.asked.length, 2)
})

t.test(
  'after a changed password a replica that starts with it later finds the token of the others',
  real(),
  async (t) => {
    const { replicas, server, redis, fetch } = await world(t, 2)
    await all(replicas)
    server.password = 'another'
    const changed = { ...credentials, password: 'another' }
    for (const { tokens } of replicas) tokens.replaceCredentials(changed)
    t.strictSame(
      (await all(replicas)).map(({ accessToken }) => accessToken),
      ['access 2', 'access 2']
    )
    t.equal((await openTokens(t, redis, fetch, changed).tokens.get()).accessToken, 'access 2')
    t.strictSame([server.asked.length, server.tooSoon], [2, 0])
  }
)

t.test('when somebody runs login on one replica after a rejection, the others find its token', real(), async (t) => {
  const { replicas, server } = await world(t, 2)
  server.password = 'another'
  await Promise.all(replicas.map(failure))
  server.password = 'pass word'
  replicas[0]!.tokens.tryAgain()
  t.ok(await replicas[0]!.tokens.get())
  await pause(1100)
  t.equal((await replicas[1]!.tokens.get()).accessToken, 'access 2')
  t.equal(server.asked.length, 2)
})

t.test('nothing that is secret can be read in Redis, nor by a replica with another secret', real(), async (t) => {
  const { replicas, redis, server, fetch } = await world(t, 1)
  await all(replicas)
  const text = everything(redis)
  t.match(text, /token/)
  for (const secret of ['access 1', 'refresh 1', 'a client secret', 'pass word', 'SB.1.a']) t.notMatch(text, secret)
  const other = openTokens(t, redis, fetch, { ...credentials, clientSecret: 'another client secret' })
  t.equal((await other.tokens.get()).accessToken, 'access 2')
  t.equal(server.tooSoon, 0, 'but it is the same user')
})

t.test(
  'without Redis the token that is there serves, and one that has ended is renewed by everybody for himself',
  real(),
  async (t) => {
    const { replicas, redis, server } = await world(t, 1, { lifeSeconds: 4 })
    const first = (await all(replicas))[0]!
    await redis.kill()
    await pause(3500 - (performance.now() - first.obtainedAt))
    t.equal((await all(replicas))[0], first)
    await pause(600)
    t.equal((await all(replicas))[0]!.accessToken, 'access 2')
    t.equal(server.tooSoon, 0)
  }
)

t.test(
  "a token another replica was refused is not taken up again, and its successor is everybody's",
  real(),
  async (t) => {
    const { replicas, server } = await world(t, 2)
    const [token] = await all(replicas)
    t.ok(replicas[0]!.tokens.refuse(token!))
    const next = await replicas[0]!.tokens.get()
    t.equal(next.accessToken, 'access 2')
    t.ok(replicas[1]!.tokens.refuse(await replicas[1]!.tokens.get()))
    t.equal((await replicas[1]!.tokens.get()).accessToken, 'access 2')
    t.equal(server.asked.length, 2)
  }
)
