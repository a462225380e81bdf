import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type RedisServer, startRedis, withoutRedis } from '../redis/server.js'
import { createClient } from './support/client.js'
import { environmentOf, type RunningProxy, startProxy } from './support/proxy.js'
import { fullestWindow } from './support/rolling-window.js'
import { account, json, type ServiceChannel, startServiceChannel } from './support/servicechannel.js'

const quota = { calls: 30, windowSeconds: 2 }
const windowMs = quota.windowSeconds * 1000

/** Sets the wall clock of a process apart from the machine's. */
const skewedClock = (ms: number) => `
  const now = Date.now
  globalThis.Date = class extends Date {
    constructor(...args) { args.length === 0 ? super(now() + ${ms}) : super(...args) }
    static now() { return now() + ${ms} }
  }`

/** Each its own, so that no login has to wait for another. */
const users = ['first.user', 'second.user', 'third.user']

function replica(
  t: Test,
  service: ServiceChannel,
  redis: { url: string },
  n: number,
  skewMs = 0
): Promise<RunningProxy> {
  return startProxy(
    t,
    {
      environments: { service: environmentOf(service, { quota, credentials: { ...account, username: users[n] } }) },
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

async function weatherOf({ adminPort }: RunningProxy) {
  const readiness = await fetch(`http://127.0.0.1:${adminPort}/readiness`)
  const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text()
  return {
    ready: readiness.status,
    remarks: ((await readiness.json()) as { remarks?: string[] }).remarks ?? [],
    isUp: /^sc_proxy_redis_up 1$/m.test(metrics),
    losses: Number(/^sc_proxy_redis_losses_total (\d+)$/m.exec(metrics)?.[1])
  }
}

/** Waits until all say so; each on its own finds out when its lease ends. */
async function becomes(proxies: RunningProxy[], isUp: boolean): Promise<void> {
  for (const proxy of proxies) while ((await weatherOf(proxy)).isUp !== isUp) await pause(50)
}

const jittery = (t: Test) =>
  startServiceChannel(t, {
    accounts: users.map((username) => ({ ...account, username })),
    answer: (_call, response) => void setTimeout(() => json(response, 200, []), Math.random() * 200)
  })

const arrivalsAt = (service: ServiceChannel) => service.calls.map(({ at }) => at)

t.setTimeout(90_000)
t.jobs = 2

const title = 'three processes whose clocks disagree keep one quota, also when one is killed with its places taken'
t.test(title, { skip: withoutRedis, buffered: true }, async (t) => {
  const [redis, service] = await Promise.all([startRedis(t), jittery(t)])
  const proxies = await Promise.all([0, 5000, -5000].map((skewMs, n) => replica(t, service, redis, n, skewMs)))
  const calls = proxies.map((proxy) => keepCalling(t, proxy, 25))
  await pause(2.2 * windowMs)
  const fair = calls.map(({ served }) => served)
  proxies[2]!.child.kill('SIGKILL')
  await pause(2 * windowMs)
  for (const call of calls) call.over = true
  const arrivals = arrivalsAt(service)
  const sum = fair.reduce((all, one) => all + one)
  t.comment(`${fair.join(', ')} served before the kill, ${arrivals.length} in all`)
  t.ok(fullestWindow(arrivals, windowMs) <= quota.calls, `${fullestWindow(arrivals, windowMs)} in the fullest window`)
  t.ok(sum >= 2 * quota.calls * 0.9, 'two windows of the quota are used')
  t.ok(Math.min(...fair) * 2 >= Math.max(...fair), 'and everybody has a fair part of it')
})

t.test(
  'Redis is killed and comes back empty: calls go on, and there is no burst',
  { skip: withoutRedis, buffered: true },
  async (t) => {
    const [redis, service]: [RedisServer, ServiceChannel] = await Promise.all([startRedis(t), jittery(t)])
    const proxies = await Promise.all([0, 1, 2].map((n) => replica(t, service, redis, n)))
    const calls = proxies.map((proxy) => keepCalling(t, proxy, 25))
    await pause(windowMs)
    t.match(await weatherOf(proxies[0]!), { ready: 200, remarks: [], isUp: true, losses: 0 })
    await redis.kill()
    await becomes(proxies, false)
    const lostAt = performance.now()
    await pause(2 * windowMs)
    t.match(await weatherOf(proxies[0]!), { ready: 200, remarks: [/Redis is not reached/], isUp: false, losses: 1 })
    const alone = arrivalsAt(service).filter((at) => at > lostAt).length
    await redis.start()
    await becomes(proxies, true)
    const backAt = performance.now()
    await pause(2 * windowMs)
    for (const call of calls) call.over = true
    const arrivals = arrivalsAt(service)
    const after = arrivals.filter((at) => at > backAt).length
    t.comment(`${alone} calls in two windows alone, ${after} in two windows after`)
    t.ok(fullestWindow(arrivals, windowMs) <= quota.calls, `${fullestWindow(arrivals, windowMs)} in the fullest window`)
    t.ok(alone >= 9 && alone <= 18, 'every proxy keeps serving on its share, two places of thirty')
    t.ok(after > alone, 'what is shared is used again')
    t.match(proxies[0]!.stdout(), /redis: not reached/)
    t.match(proxies[0]!.stdout(), /quota and token are shared/)
  }
)
