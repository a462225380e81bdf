import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Outcome, Quota } from '../../src/limiter/limiter.js'
import { createLimiter } from '../../src/limiter/limiter.js'
import { makeLimiter, ticket, useClock, type World } from './world.js'

const patient = { maxCalls: 100_000, maxWaitMs: 10 ** 9 }

/** Sends `calls` calls through a limiter and notes when each arrives at the server. */
async function run(
  t: Test,
  world: World,
  quota: Quota,
  calls: number,
  gap: () => number,
  latency: () => { there: number; back: number }
) {
  const limiter = await makeLimiter(t, world, { application: quota, queue: patient })
  const start = performance.now()
  const arrivals: number[] = []
  let lastDeparture = 0
  let open = calls
  const send = async () => {
    const lease = await limiter.acquire(ticket())
    lastDeparture = performance.now() - start
    const { there, back } = latency()
    setTimeout(() => {
      arrivals.push(performance.now())
      setTimeout(() => {
        lease.report({ kind: 'spent' })
        open--
      }, back)
    }, there)
  }
  for (let sent = 0; sent < calls; ) {
    const pause = gap()
    if (pause > 0) await world.advance(pause)
    void send()
    sent++
  }
  while (open > 0) await world.advance(quota.windowMs / 4)
  const { jobs } = limiter.snapshot().application
  await world.advance(quota.windowMs * 2)
  return { arrivals: arrivals.sort((a, b) => a - b), lastDeparture, jobs, limiter }
}

/** The most arrivals that any stretch of one window holds, both ends included. */
function busiest(arrivals: number[], windowMs: number): number {
  let most = 0
  let first = 0
  arrivals.forEach((arrival, index) => {
    while (arrival - (arrivals[first] ?? 0) > windowMs) first++
    most = Math.max(most, index - first + 1)
  })
  return most
}

t.test('no window at the server ever holds more than the quota, whatever the latencies', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom(200, 1000, 7777),
      fc.infiniteStream(fc.nat(600)),
      fc.infiniteStream(fc.constantFrom(0, 0, 0, 0, 3, 40, 900)),
      async (calls, windowMs, delays, gaps) => {
        const world = useClock(t)
        const delay = () => delays.next().value ?? 0
        const { arrivals } = await run(
          t,
          world,
          { calls, windowMs },
          calls * 5 + 3,
          () => gaps.next().value ?? 0,
          () => ({ there: delay(), back: delay() })
        )
        world.clock.uninstall()
        t.equal(arrivals.length, calls * 5 + 3)
        const most = busiest(arrivals, windowMs)
        if (most > calls) throw new Error(`${most} calls in a window of ${calls}`)
      }
    ),
    { seed: 40_60, numRuns: 25 }
  )
})

t.test('no place is lost or doubled, whatever becomes of the calls', async (t) => {
  const outcome = fc.oneof(
    { weight: 6, arbitrary: fc.constant<Outcome>({ kind: 'spent' }) },
    { weight: 2, arbitrary: fc.constant<Outcome>({ kind: 'unsent' }) },
    { weight: 1, arbitrary: fc.constant<Outcome>({ kind: 'spent', unanswered: true }) },
    { weight: 1, arbitrary: fc.nat(3000).map((untilMs): Outcome => ({ kind: 'paced', untilMs })) },
    {
      weight: 1,
      arbitrary: fc
        .record({
          untilMs: fc.option(fc.nat(4000), { nil: undefined }),
          calls: fc.option(fc.nat(20), { nil: undefined })
        })
        .map(({ untilMs, calls }): Outcome => {
          const limit = calls ? { calls, windowMs: 1000 } : undefined
          return { kind: 'throttled', scope: 'unknown', untilMs, limit }
        })
    }
  )
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 15 }),
      fc.infiniteStream(outcome),
      fc.infiniteStream(fc.nat(400)),
      async (calls, outcomes, delays) => {
        const world = useClock(t)
        const limiter = await makeLimiter(t, world, { application: { calls, windowMs: 1000 }, queue: patient })
        const arrivals: number[] = []
        let open = 60
        const send = async () => {
          const lease = await limiter.acquire(ticket())
          const outcome = outcomes.next().value ?? { kind: 'spent' }
          if (outcome.kind !== 'unsent') arrivals.push(performance.now())
          setTimeout(() => {
            lease.report(outcome)
            open--
          }, delays.next().value)
        }
        for (let n = 0; n < 60; n++) {
          void send()
          if (n % 7 === 0) await world.advance(delays.next().value ?? 0)
        }
        for (let n = 0; n < 2000 && open > 0; n++) await world.advance(1000)
        await world.advance(10_000)
        const { used, inFlight } = limiter.snapshot().application
        let free = 0
        const rest = Array.from({ length: calls + 5 }, () =>
          limiter.acquire(ticket()).then(
            (lease) => {
              free++
              lease.report({ kind: 'spent' })
            },
            () => {}
          )
        )
        await world.advance(100)
        const { limit } = limiter.snapshot().application
        const most = busiest(arrivals, 1000)
        void limiter.close()
        await world.advance(50)
        await Promise.all(rest)
        world.clock.uninstall()
        if (open > 0) throw new Error(`${open} calls were never served`)
        if (most > calls) throw new Error(`${most} calls in a window of ${calls}`)
        if (used !== 0 || inFlight !== 0) throw new Error(`${used} used, ${inFlight} in flight when all is over`)
        if (free !== limit) throw new Error(`${free} of ${limit} places were there in the end`)
      }
    ),
    { seed: 2026, numRuns: 25 }
  )
})

t.test('a burst of six windows uses at least 95 % of what is possible', async (t) => {
  for (const quota of [
    { calls: 40, windowMs: 60_000 },
    { calls: 300, windowMs: 2000 }
  ]) {
    const world = useClock(t)
    let n = 0
    const latency = () => ({ there: 10 + ((n++ * 37) % 90), back: 55 })
    const { arrivals, lastDeparture, jobs } = await run(t, world, quota, quota.calls * 6, () => 0, latency)
    const roundTrip = 110
    const utilisation = (5 * (quota.windowMs + roundTrip)) / lastDeparture
    t.ok(utilisation >= 0.95, `${utilisation}`)
    t.ok(utilisation <= 1.02, `${utilisation}`)
    t.equal(busiest(arrivals, quota.windowMs), quota.calls)
    t.ok(jobs < quota.calls, `${jobs} jobs for ${quota.calls * 6} calls`)
    world.clock.uninstall()
  }
})

t.test('a late timer and a long pause of the process give nothing back early', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { application: { calls: 3, windowMs: 1000 }, queue: patient })
  const arrivals: number[] = []
  const send = async () => {
    const lease = await limiter.acquire(ticket())
    arrivals.push(performance.now())
    lease.report({ kind: 'spent' })
  }
  for (let round = 0; round < 12; round++) {
    for (let n = 0; n < 3; n++) void send()
    await world.advance(150)
    // The clock goes on and no timer fires: a laptop asleep, a process stopped.
    if (round % 3 === 2) world.clock.jump(5300)
  }
  await world.advance(40_000)
  t.equal(arrivals.length, 36)
  t.ok(busiest(arrivals, 1000) <= 3)
})

t.test('a request whose answer was not read counts as arriving up to a second later', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { application: { calls: 1, windowMs: 1000 } })
  const lease = await limiter.acquire(ticket())
  lease.report({ kind: 'spent', unanswered: true })
  const next = limiter.acquire(ticket())
  await world.advance(3000)
  const { waitedMs } = await next
  t.ok(waitedMs > 2000 && waitedMs < 2100, `${waitedMs} ms`)
})

t.test('many calls share one job of Bottleneck, and no call waits for a permit that a free place allows', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { application: { calls: 3000, windowMs: 1000 }, queue: patient })
  const before = limiter.snapshot().application.jobs
  let longest = 0
  let calls = 0
  for (let n = 0; n < 200; n++) {
    for (let k = 0; k < 10; k++) {
      void limiter.acquire(ticket()).then((lease) => {
        calls++
        longest = Math.max(longest, lease.waitedMs)
        lease.report({ kind: 'spent' })
      })
    }
    await world.advance(5)
  }
  t.equal(calls, 2000)
  t.ok(longest <= 20, `${longest} ms`)
  const jobs = limiter.snapshot().application.jobs - before
  t.ok(jobs < calls / 20, `${jobs} jobs`)
})

t.test('a wall clock set back does not hold the permits', async (t) => {
  const world = useClock(t)
  const limiter = createLimiter({ application: { calls: 40, windowMs: 1000 }, queue: patient })
  await world.advance(20)
  const leases = await Promise.all([limiter.acquire(ticket()), limiter.acquire(ticket())])
  world.clock.setSystemTime(Date.now() - 3_600_000)
  for (const lease of leases) lease.report({ kind: 'spent' })
  let granted = 0
  for (let n = 0; n < 30; n++) void limiter.acquire(ticket()).then(() => granted++)
  await world.advance(100)
  t.equal(granted, 30)
  void limiter.close()
})
