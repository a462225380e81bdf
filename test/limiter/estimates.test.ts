import t from 'tap'
import { ask, fill, makeLimiter, ticket, useClock } from './world.js'

t.test('a full queue answers at once, and the same call is accepted when it said', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, {
    application: { calls: 2, windowMs: 10_000 },
    queue: { maxCalls: 3, maxWaitMs: 120_000 }
  })
  await fill(limiter, world, 2)
  for (let n = 0; n < 3; n++) ask(limiter)
  await world.advance(3500)
  const refused = ask(limiter)
  await world.settle()
  t.match(refused.error, { code: 'queue_full', retryAfter: 7 })
  await world.advance(6000)
  const early = ask(limiter)
  await world.advance(1000)
  t.match(early.error, { code: 'queue_full', retryAfter: 1 })
  const accepted = ask(limiter)
  await world.settle()
  t.equal(accepted.error, undefined)
})

t.test('a full queue counts those who wait, and not those who only have not been called yet', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { queue: { maxCalls: 3, maxWaitMs: 120_000 } })
  const calls = Array.from({ length: 8 }, () => ask(limiter))
  await world.settle()
  t.match(calls[7]?.error, { code: 'queue_full', message: /^3 calls are waiting already;/ })
  await world.advance(100)
  t.strictSame(
    calls.map(({ lease }) => lease !== undefined),
    [true, true, true, true, false, false, false, false]
  )
})

t.test('calls that are turned away together are told when there is room for them all, in their order', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { queue: { maxCalls: 1000, maxWaitMs: 25_000 } })
  const asked = Array.from({ length: 4 }, () => limiter.acquire(ticket()))
  await world.advance(50)
  const leases = await Promise.all(asked)
  const waiting = Array.from({ length: 8 }, () => ask(limiter))
  await world.settle()
  for (const lease of leases) lease.report({ kind: 'throttled', scope: 'application', untilMs: 60_000 })
  await world.settle()
  const told = waiting.map(({ error }) => error?.retryAfter ?? 0)
  t.equal(told[0], 35, 'the rest, less what it may wait')
  t.ok(told.every((seconds, n) => n === 0 || seconds >= (told[n - 1] ?? 0)))
  t.ok((told[7] ?? 0) > 55, 'behind three windows of two')
})

t.test('a wait beyond the bound is refused at once, and the same call is accepted when it said', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, {
    application: { calls: 2, windowMs: 10_000 },
    queue: { maxCalls: 100, maxWaitMs: 25_000 }
  })
  await fill(limiter, world, 2)
  // Two at 10 s, two at 20 s; the fifth would wait for 30 s.
  for (let n = 0; n < 4; n++) void limiter.acquire(ticket()).then((lease) => lease.report({ kind: 'spent' }))
  const fifth = ask(limiter)
  const impatient = ask(limiter, { maxWaitMs: 4000, priority: 0 })
  await world.settle()
  t.match(fifth.error, { code: 'wait_too_long', retryAfter: 6 })
  t.match(impatient.error, { code: 'wait_too_long', retryAfter: 7 })
  await world.advance(6000)
  const again = ask(limiter)
  await world.advance(24_800)
  t.equal(again.error, undefined)
  t.ok(again.lease && again.lease.waitedMs <= 25_000)
})

t.test('the caller counts as waiting behind its own calls, not behind the backlog of another', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { queue: { maxCalls: 1000, maxWaitMs: 120_000 } })
  await fill(limiter, world, 4)
  const batch = Array.from({ length: 30 }, () => ask(limiter, { client: 'batch' }))
  const person = ask(limiter, { client: 'person', maxWaitMs: 11_000 })
  await world.advance(10_500)
  t.equal(batch.filter((call) => call.lease).length, 3)
  t.match(person.lease, { ahead: 30 })
})

t.test('estimates are what happens, whatever the load', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, {
    application: { calls: 5, windowMs: 10_000 },
    queue: { maxCalls: 1000, maxWaitMs: 10 ** 8 }
  })
  let seed = 1
  const random = () => {
    seed = (seed * 16_807) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const send = () =>
    limiter.acquire(ticket()).then((lease) => {
      setTimeout(() => lease.report({ kind: 'spent' }), 100 + 200 * random())
      return lease
    })
  for (let n = 0; n < 10; n++) {
    void send()
    await world.advance(300)
  }
  await world.advance(30_000)
  for (let n = 0; n < 47; n++) {
    for (let k = 0; k < n % 4; k++) void send()
    await world.advance(1000)
    if (limiter.snapshot().waiting === 0) continue
    // A bound just above the truth is accepted, one just below is not: the estimate is in between.
    const probe = ask(limiter, { maxWaitMs: 1 })
    await world.settle()
    const { application, waiting } = limiter.snapshot()
    const predicted = Number(/is (\d+) s away/.exec(probe.error?.message ?? '')?.[1])
    const lease = send()
    await world.advance(predicted * 1000 + 1500)
    const { waitedMs } = await Promise.race([lease, Promise.resolve({ waitedMs: Number.POSITIVE_INFINITY })])
    t.ok(
      waitedMs > (predicted - 1) * 1000 - 500 && waitedMs <= predicted * 1000 + 500,
      `${waitedMs} ms, predicted ${predicted} s, ${waiting} waiting, ${application.used} used`
    )
  }
})

t.test('a call whose bound passes in the line is answered by then', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { application: { calls: 1, windowMs: 1000 } })
  const slow = await limiter.acquire(ticket())
  await world.advance(2000)
  const call = ask(limiter, { maxWaitMs: 3000 })
  const start = performance.now()
  await world.advance(3001)
  t.match(call.error, { code: 'wait_too_long', retryAfter: 1 })
  t.ok((call.at ?? 0) - start <= 3000)
  slow.report({ kind: 'spent' })
  t.equal(limiter.snapshot().waiting, 0)
})
