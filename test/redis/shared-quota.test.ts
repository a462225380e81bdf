import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { fullestWindow } from '../journeys/support/rolling-window.js'
import { ticket } from '../limiter/world.js'
import { until } from '../support/until.js'
import { type Counter, counter, keepCalling } from './calling.js'
import { type Replica, type ReplicaOptions, startReplica } from './replica.js'
import { startRedis, withoutRedis } from './server.js'

const quota = { calls: 20, windowMs: 1000 }

const fullest = ({ arrivals }: Counter) => fullestWindow(arrivals, quota.windowMs)
const within = ({ arrivals }: Counter, from: number) => arrivals.filter((at) => at >= from).length
const isShared = ({ story }: Replica) =>
  story.findLast((line) => !line.startsWith('crowded'))?.startsWith('made') ?? false

t.setTimeout(60_000)
t.jobs = 8
/** All at once; one object each, since tap writes into it. */
const real = () => ({ skip: withoutRedis, buffered: true })

async function world(t: Test, count: number, options: Partial<ReplicaOptions> = {}, args: string[] = []) {
  const redis = await startRedis(t, args)
  const replicas = Array.from({ length: count }, () => startReplica(t, { quota, url: redis.url, ...options }))
  await until(() => replicas.every(isShared))
  return { redis, replicas, server: counter() }
}

t.test('who came later gets a fair part of what another has been using up', real(), async (t) => {
  const { replicas, server } = await world(t, 2)
  const second = counter()
  const stop = [keepCalling(replicas[0]!, 40, server)]
  await pause(1500)
  stop.push(keepCalling(replicas[1]!, 40, second))
  await pause(1500)
  const from = performance.now()
  await pause(2000)
  for (const end of stop) await end()
  const [own, others] = [within(server, from), within(second, from)]
  t.comment(`${own} and ${others} in two windows`)
  t.ok(Math.abs(own - others) <= 12)
  t.ok(own + others >= 1.6 * quota.calls, 'and the quota is used')
  t.ok(fullestWindow([...server.arrivals, ...second.arrivals], quota.windowMs) <= quota.calls)
})

t.test('places that a replica used before it died stay charged', real(), async (t) => {
  const { redis, replicas, server } = await world(t, 1, { seats: 2, safePercent: 0 })
  const leases = await Promise.all(Array.from({ length: 15 }, () => replicas[0]!.limiter.acquire(ticket())))
  t.equal(leases.length, 15)
  replicas[0]!.die()
  const heir = startReplica(t, { quota, url: redis.url, seats: 2, safePercent: 0 })
  await until(() => isShared(heir))
  const stop = keepCalling(heir, 20, server)
  await pause(2500)
  t.ok(server.arrivals.length > 0, 'the rest is used')
  t.ok(fullest(server) <= 5, `${fullest(server)} in the fullest window`)
  await stop()
})

t.test('a refusal seen by one rests all, one call goes first after it, and all know the limit', real(), async (t) => {
  const { replicas, server } = await world(t, 3)
  let refusing = false
  const refusedAt: number[] = []
  server.answer = () => {
    if (!refusing) return { kind: 'spent' }
    refusedAt.push(performance.now())
    return { kind: 'throttled', scope: 'application', untilMs: 1500, limit: { calls: 10, windowMs: quota.windowMs } }
  }
  const lease = await replicas[0]!.limiter.acquire(ticket())
  const stops = replicas.slice(1).map((replica) => keepCalling(replica, 10, server, () => 15))
  await pause(300)
  refusing = true
  lease.report(server.answer())
  await pause(600)
  const heard = performance.now()
  refusing = false
  await pause(500)
  t.equal(within(server, heard), 0, 'all rest')
  await until(() => within(server, heard) > 0)
  for (const { limiter } of replicas) t.ok(limiter.snapshot().application.limit <= 10)
  await pause(0.8 * quota.windowMs)
  for (const stop of stops) await stop()
  const [probe = 0, ...others] = server.arrivals.filter((at) => at >= heard)
  t.ok(probe - refusedAt[0]! >= 1450, 'to the end')
  t.equal(others.filter((at) => at < probe + 25).length, 0, 'and one call goes first, until it is answered')
  // Later a higher limit is tried.
  t.ok(others.filter((at) => at < probe + 0.8 * quota.windowMs).length < 10)
})

t.test('an emptied Redis is told again by everybody what they use before it grants anything', real(), async (t) => {
  const { redis, replicas, server } = await world(t, 3)
  const stops = replicas.map((replica) => keepCalling(replica, 20, server))
  for (let n = 0; n < 4; n++) {
    await pause(700)
    redis.say('FLUSHALL')
  }
  await pause(2500)
  const from = performance.now()
  await pause(2000)
  for (const stop of stops) await stop()
  t.ok(fullest(server) <= quota.calls, `${fullest(server)} in the fullest window`)
  t.ok(within(server, from) >= quota.calls, 'and it goes on')
})

t.test('books that Redis has thrown out to save memory are told again before it grants anything', real(), async (t) => {
  const { redis, replicas } = await world(t, 2, { seats: 2, safePercent: 0 })
  await Promise.all(Array.from({ length: 15 }, () => replicas[0]!.limiter.acquire(ticket())))
  let departed = 0
  for (let n = 0; n < 20; n++)
    void replicas[1]!.limiter.acquire(ticket()).then(
      () => departed++,
      () => {}
    )
  await until(() => departed === 5)
  for (let n = 0; n < 10; n++) {
    redis.say('DEL', 'test:quota:places')
    await pause(130)
  }
  t.equal(departed, 5)
})

t.test(
  'a Redis that stops answering, and then answers all at once, neither stops the calls nor brings a burst',
  real(),
  async (t) => {
    const { redis, replicas, server } = await world(t, 2, { seats: 2, safePercent: 50 })
    const stops = replicas.map((replica) => keepCalling(replica, 20, server))
    await pause(1200)
    redis.freeze()
    await until(() => replicas.every(({ story }) => story.at(-1)?.startsWith('lost')))
    const lostAt = performance.now()
    await pause(2100)
    const alone = within(server, lostAt)
    redis.thaw()
    await until(() => replicas.every(isShared))
    await pause(2000)
    for (const stop of stops) await stop()
    t.comment(`${alone} in two windows alone`)
    t.ok(alone >= 8 && alone <= 30, 'each on its half of the safe half')
    t.ok(fullest(server) <= quota.calls, `${fullest(server)} in the fullest window`)
  }
)

t.test('a Redis that keeps everybody waiting for some seconds stops nobody', real(), async (t) => {
  const { redis, replicas, server } = await world(t, 2)
  const stops = replicas.map((replica) => keepCalling(replica, 20, server))
  await pause(2500)
  const from = performance.now()
  redis.say('CLIENT', 'PAUSE', '2500')
  await pause(2400)
  const meanwhile = within(server, from)
  await pause(2000)
  for (const stop of stops) await stop()
  t.ok(meanwhile >= quota.calls, `${meanwhile} calls meanwhile`)
  t.ok(fullest(server) <= quota.calls, `${fullest(server)} in the fullest window`)
  for (const { story } of replicas) t.equal(story.length, 1, 'nor is it taken for lost')
})

t.test('a Redis without memory is as good as none', real(), async (t) => {
  const { redis, replicas } = await world(t, 1, { seats: 1, safePercent: 50 })
  redis.say('CONFIG', 'SET', 'maxmemory', '1')
  await until(() => replicas[0]!.story.length === 2)
  t.match(replicas[0]!.story, ['made with 1', 'lost: OOM: it is out of memory'])
  t.ok(await replicas[0]!.limiter.acquire(ticket()))
  redis.say('CONFIG', 'SET', 'maxmemory', '0')
  await until(() => isShared(replicas[0]!))
})

t.test('who finds no Redis at the start serves on its own share, once a window has passed', real(), async (t) => {
  const server = counter()
  const replica = startReplica(t, { quota, url: 'redis://127.0.0.1:1', seats: 2, safePercent: 50 })
  const startedAt = performance.now()
  const stop = keepCalling(replica, 10, server)
  await until(() => server.arrivals.length > 0)
  t.ok(performance.now() - startedAt >= quota.windowMs, 'who was here before may have used it')
  await pause(1500)
  await stop()
  t.match(replica.story, ['lost: ECONNREFUSED'])
  t.ok(fullest(server) === 5, 'its part of the half that is kept')
})

t.test('more replicas than seats are told', real(), async (t) => {
  const { replicas } = await world(t, 2, { seats: 1 })
  await until(() => replicas.some(({ story }) => story.includes('crowded: 2')))
})
