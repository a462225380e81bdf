import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createLimiter, type Limiter } from '../../src/limiter/limiter.js'
import { fullestWindow } from '../journeys/support/rolling-window.js'
import { ask, ticket } from '../limiter/world.js'
import { until } from '../support/until.js'
import { startReplica } from './replica.js'
import { startRedis, withoutRedis } from './server.js'

const quota = { calls: 8, windowMs: 400 }
const queue = { maxCalls: 20, maxWaitMs: 5000 }

/** The same promises, whoever keeps the books. */
const kinds: Record<string, { skip: string | false; open(t: Test): Promise<Limiter> }> = {
  alone: {
    skip: false,
    async open(t) {
      const limiter = createLimiter({ application: quota, queue })
      t.teardown(() => limiter.close())
      return limiter
    }
  },
  shared: {
    skip: withoutRedis,
    async open(t) {
      const { url } = await startRedis(t)
      const { limiter, story } = startReplica(t, { quota, url, seats: 1, limiter: { queue } })
      await until(() => story.includes('made with 1'))
      return limiter
    }
  }
}

t.jobs = 8

for (const [kind, { skip, open }] of Object.entries(kinds)) {
  const conforms = (promise: string, body: (t: Test, limiter: Limiter) => Promise<unknown>) =>
    t.test(`${kind}: ${promise}`, { skip, buffered: true }, async (t) => {
      const limiter = await open(t)
      await until(() => limiter.snapshot().application.free === quota.calls)
      await pause(1500) // books that are new are not believed at once
      await body(t, limiter)
    })

  conforms('a call that finds a place departs in the same tick', async (t, limiter) => {
    await until(() => limiter.tryAcquire(ticket()) !== undefined)
    t.pass('without a promise')
  })

  conforms('a window of callers is served at once, and never more than the quota in any window', async (t, limiter) => {
    const departures: number[] = []
    const began = performance.now()
    const call = async () => {
      const lease = await limiter.acquire(ticket())
      departures.push(performance.now())
      await pause(Math.random() * 10)
      lease.report({ kind: 'spent' })
    }
    await Promise.all(Array.from({ length: 3 * quota.calls - 8 }, call))
    t.ok(departures.filter((at) => at < began + quota.windowMs).length >= quota.calls - 1)
    t.ok(fullestWindow(departures, quota.windowMs) <= quota.calls)
    t.ok(performance.now() - began < 10 * quota.windowMs)
  })

  conforms('a place that was not used is free at once', async (t, limiter) => {
    const leases = await Promise.all(Array.from({ length: quota.calls }, () => limiter.acquire(ticket())))
    t.notOk(limiter.tryAcquire(ticket()))
    leases[0]!.report({ kind: 'unsent' })
    await until(() => limiter.tryAcquire(ticket()) !== undefined)
  })

  conforms('a throttle reply stops everything until the time it names, and teaches the limit', async (t, limiter) => {
    const lease = await limiter.acquire(ticket())
    const began = performance.now()
    lease.report({
      kind: 'throttled',
      scope: 'application',
      untilMs: 1200,
      limit: { calls: 3, windowMs: quota.windowMs }
    })
    const next = await limiter.acquire(ticket())
    t.ok(performance.now() - began >= 1190)
    t.equal(limiter.snapshot().application.limit, 3)
    next.report({ kind: 'spent' })
    t.ok(await limiter.acquire(ticket()))
  })

  conforms('who has left, comes too many or comes while it drains is told so', async (t, limiter) => {
    await Promise.all(Array.from({ length: quota.calls }, () => limiter.acquire(ticket())))
    const leaving = new AbortController()
    const left = ask(limiter, { signal: leaving.signal })
    leaving.abort()
    const waiting = Array.from({ length: queue.maxCalls }, () => ask(limiter))
    await pause(50)
    const late = ask(limiter)
    await until(() => left.error !== undefined && late.error !== undefined)
    t.strictSame([left.error?.code, late.error?.code], ['client_left', 'queue_full'])
    limiter.drain(0)
    await until(() => waiting.every(({ error }) => error !== undefined))
    t.strictSame([...new Set(waiting.map(({ error }) => error?.code))], ['draining'])
  })
}
