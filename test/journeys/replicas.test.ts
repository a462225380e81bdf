import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startRedis, withoutRedis } from '../redis/server.js'
import { createClient } from './support/client.js'
import { environmentOf, type RunningProxy, startProxy } from './support/proxy.js'
import { becomes, weatherOf } from './support/redis-weather.js'
import { fullestWindow } from './support/rolling-window.js'
import { json, type ServiceChannel, startServiceChannel } from './support/servicechannel.js'

const quota = { calls: 30, windowSeconds: 1 }
const windowMs = quota.windowSeconds * 1000

/** Sets the wall clock of a process apart from the machine's. */
const skewedClock = (ms: number) => `
  const now = Date.now
  globalThis.Date = class extends Date {
    constructor(...args) { args.length === 0 ? super(now() + ${ms}) : super(...args) }
    static now() { return now() + ${ms} }
  }`

function replica(t: Test, service: ServiceChannel, redis: { url: string }, skewMs: number): Promise<RunningProxy> {
  return startProxy(
    t,
    {
      environments: { service: environmentOf(service, { quota }) },
      redis: { url: redis.url, maxReplicas: 3, safeSharePercent: 20 },
      log: { format: 'json' }
    },
    { env: { NODE_OPTIONS: '--import=./clock.mjs' }, files: { 'clock.mjs': skewedClock(skewMs) } }
  )
}

/** So many clients that never rest, until told; tells how many calls were served. */
function keepCalling(t: Test, { port }: RunningProxy, clients: number) {
  const client = createClient(t, port)
  const call = { over: false, served: 0 }
  for (let n = 0; n < clients; n++) {
    void (async () => {
      while (!call.over) {
        const answer = await client().catch(() => undefined)
        if (answer === undefined) return
        if (answer.status === 200) call.served++
      }
    })()
  }
  return call
}

/** A server at the end of an uneven way: a call arrives some time after it was sent, and so does its answer. */
async function jittery(t: Test) {
  const arrivals: number[] = []
  const service = await startServiceChannel(t, {
    answer(_call, response) {
      setTimeout(() => {
        arrivals.push(performance.now())
        setTimeout(() => json(response, 200, []), Math.random() * 100)
      }, Math.random() * 150)
    }
  })
  return { ...service, arrivals }
}

t.setTimeout(90_000)

t.test('three processes whose clocks disagree, one Redis', { skip: withoutRedis }, async (t) => {
  const [redis, service] = await Promise.all([startRedis(t), jittery(t)])
  const proxies = await Promise.all([0, 5000, -5000].map((skewMs) => replica(t, service, redis, skewMs)))
  const calls = proxies.map((proxy) => keepCalling(t, proxy, 25))
  while (calls.some(({ served }) => served < 5)) await pause(20)
  const since = (at: number) => service.arrivals.filter((arrival) => arrival >= at).length
  const fullest = () => fullestWindow(service.arrivals, windowMs)

  await t.test('keep one quota between them, use it, and have a fair part each, with one login', async (t) => {
    const [from, before] = [performance.now(), calls.map(({ served }) => served)]
    await pause(4 * windowMs)
    const fair = calls.map(({ served }, n) => served - before[n]!)
    t.comment(`${since(from)} calls in four windows: ${fair.join(', ')}`)
    t.ok(fullest() <= quota.calls, `${fullest()} in the fullest window`)
    t.ok(since(from) >= 2 * quota.calls, 'the quota is used')
    t.ok(Math.min(...fair) * 2 >= Math.max(...fair), 'and everybody has a fair part of it')
    t.equal(service.logins.length, 1)
    t.match(await weatherOf(proxies[0]!), { ready: 200, remarks: [], isUp: true, losses: 0 })
  })

  await t.test('go on when Redis is killed, each on its share, and say so', async (t) => {
    await redis.kill()
    await becomes(proxies, false)
    const lostAt = performance.now()
    await pause(3 * windowMs)
    const alone = since(lostAt)
    t.comment(`${alone} calls in three windows alone`)
    t.ok(alone >= 9 && alone <= 24, 'two places of thirty each')
    t.match(await weatherOf(proxies[0]!), { ready: 200, remarks: [/Redis is not reached/], isUp: false, losses: 1 })
    t.match(proxies[0]!.stdout(), /redis: not reached/)
    t.equal(service.logins.length, 1, 'with the token they had')
  })

  await t.test('share again when it is back, empty, without a burst', async (t) => {
    await redis.start()
    await becomes(proxies, true)
    const backAt = performance.now()
    await pause(4 * windowMs)
    t.comment(`${since(backAt)} calls in four windows`)
    t.ok(since(backAt) >= 2 * quota.calls, 'the quota is used again')
    t.ok(fullest() <= quota.calls, `${fullest()} in the fullest window`)
  })

  await t.test('keep the quota when one is killed with its places taken', async (t) => {
    proxies[2]!.child.kill('SIGKILL')
    const killedAt = performance.now()
    await pause(3 * windowMs)
    for (const call of calls) call.over = true
    t.ok(since(killedAt) > 0)
    t.ok(fullest() <= quota.calls, `${fullest()} in the fullest window`)
    t.equal(service.logins.length, 1)
  })
})
