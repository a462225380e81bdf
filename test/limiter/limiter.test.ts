import { getEventListeners, setMaxListeners } from 'node:events'
import t from 'tap'
import { ask, fill, makeLimiter, ticket, useClock } from './world.js'

t.test('a call that finds a free place departs in the same tick', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { application: { calls: 40, windowMs: 60_000 } })
  const timers = world.clock.countTimers()
  let departed = false
  void limiter.acquire(ticket()).then((lease) => {
    departed = true
    t.match(lease, { waitedMs: 0, ahead: 0 })
  })
  await Promise.resolve()
  t.equal(departed, true)
  t.equal(world.clock.countTimers(), timers, 'no timer')
})

t.test('every free place can be used at once, permit at hand or not, also with a queue of none', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, {
    application: { calls: 300, windowMs: 60_000 },
    queue: { maxCalls: 0, maxWaitMs: 0 }
  })
  const calls = Array.from({ length: 301 }, () => ask(limiter))
  await world.advance(40)
  t.equal(calls.filter((call) => call.lease).length, 300)
  t.match(calls[300]?.error, { code: 'queue_full' })
})

t.test('a call provably never sent gives its place back at once', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { application: { calls: 1, windowMs: 60_000 } })
  const lease = await limiter.acquire(ticket())
  const next = ask(limiter)
  await world.advance(100)
  t.equal(next.lease, undefined)
  lease.report({ kind: 'unsent' })
  await world.settle()
  t.ok(next.lease)
  t.equal(limiter.snapshot().application.used, 1)
})

t.test('only the first report counts', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { application: { calls: 2, windowMs: 60_000 } })
  const lease = await limiter.acquire(ticket())
  lease.report({ kind: 'spent' })
  lease.report({ kind: 'unsent' })
  lease.report({ kind: 'throttled', scope: 'unknown' })
  t.match(limiter.snapshot().application, { used: 1, inFlight: 0, free: 1, limit: 2, restingForMs: 0 })
})

t.test('a thousand callers that leave take no place with them and leave no listener behind', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { queue: { maxCalls: 2000, maxWaitMs: 10 ** 8 } })
  await fill(limiter, world, 4)
  const leavers = Array.from({ length: 1000 }, () => new AbortController())
  const calls = leavers.map(({ signal }, n) => ask(limiter, { signal, client: `${n % 7}` }))
  const stayer = ask(limiter)
  await world.advance(1000)
  t.equal(limiter.snapshot().waiting, 1001)
  for (const leaver of leavers) leaver.abort()
  t.equal(limiter.snapshot().waiting, 1)
  await world.advance(9200)
  t.ok(calls.every(({ error }) => error?.code === 'client_left'))
  t.ok(stayer.lease, 'the one that stayed has the first place that came free')
  t.match(limiter.snapshot().application, { used: 1, free: 3 })
  t.ok(leavers.every(({ signal }) => getEventListeners(signal, 'abort').length === 0))
})

t.test('signals that serve a hundred thousand calls gather no listeners', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, {
    application: { calls: 1000, windowMs: 10 },
    queue: { maxCalls: 5000, maxWaitMs: 1000 }
  })
  const signals = Array.from({ length: 200 }, () => new AbortController().signal)
  setMaxListeners(0, ...signals)
  let waited = 0
  for (let n = 0; n < 100; n++) {
    for (let k = 0; k < 1000; k++) {
      limiter.acquire(ticket({ signal: signals[k % 200]! })).then(
        (lease) => {
          if (lease.waitedMs > 0) waited++
          lease.report({ kind: 'spent' })
        },
        () => {}
      )
    }
    await world.advance(10)
  }
  await world.advance(2000)
  t.ok(waited > 50_000, `${waited} waited`)
  t.ok(signals.every((signal) => getEventListeners(signal, 'abort').length === 0))
  t.equal(limiter.snapshot().waiting, 0)
})

t.test('a caller that has left already is not admitted', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world)
  const call = ask(limiter, { signal: AbortSignal.abort() })
  await world.settle()
  t.match(call.error, { code: 'client_left' })
  t.equal(limiter.snapshot().application.used, 0)
})

t.test('the more urgent call goes first, the refused one before its equals and even into a full queue', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { queue: { maxCalls: 3, maxWaitMs: 120_000 } })
  await fill(limiter, world, 4)
  const order: string[] = []
  const join = (name: string, priority: number, again = false) =>
    limiter.acquire(ticket({ client: name, priority }), { again }).then(() => order.push(name))
  void join('batch', 7)
  void join('normal', 3)
  void join('person', 0)
  void join('refused', 3, true)
  await world.advance(10_500)
  t.same(order, ['person', 'refused', 'normal', 'batch'])
})

t.test(
  'in a full queue the more urgent call takes the place of the last, which is told when there is room',
  async (t) => {
    const world = useClock(t)
    const limiter = await makeLimiter(t, world, { queue: { maxCalls: 3, maxWaitMs: 120_000 } })
    await fill(limiter, world, 4)
    const batch = ['first', 'second', 'third'].map((client) => ask(limiter, { client }))
    const person = ask(limiter, { client: 'person', priority: 0 })
    await world.settle()
    t.match(
      batch.map(({ error }) => error?.code),
      ['queue_full', undefined, undefined]
    )
    t.equal(batch[0]?.error?.retryAfter, 11)
    t.equal(limiter.refusal(ticket({ client: 'another' }))?.code, 'queue_full', 'an equal displaces nobody')
    t.equal(limiter.refusal(ticket({ client: 'urgent', priority: 0 })), undefined)
    const impatient = ask(limiter, { client: 'impatient', priority: 0, maxWaitMs: 1000 })
    await world.settle()
    t.match(impatient.error, { code: 'wait_too_long' })
    t.equal(limiter.snapshot().waiting, 3, 'and who would not wait displaces nobody either')
    await world.advance(10_200)
    t.ok(person.lease && batch[1]?.lease && batch[2]?.lease)
  }
)

t.test('draining serves who can still depart, and tells the others when to come back', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { application: { calls: 2, windowMs: 10_000 } })
  await fill(limiter, world, 2)
  const calls = Array.from({ length: 5 }, () => ask(limiter))
  limiter.drain(15_000)
  const newcomer = ask(limiter)
  const returned = ask(limiter, {}, true)
  await world.settle()
  t.equal(limiter.snapshot().draining, true)
  t.match(newcomer.error, { code: 'draining' })
  t.ok(Number(newcomer.error?.retryAfter) >= 1)
  t.same(
    calls.map(({ error }) => error?.code),
    [undefined, undefined, 'draining', 'draining', 'draining']
  )
  await world.advance(10_500)
  t.ok(calls[0]?.lease)
  t.ok(returned.lease, 'a call refused upstream still has its second try')
  await world.advance(5000)
  t.match(calls[1]?.error, { code: 'draining' }, 'overtaken, and answered at the deadline')
})

t.test('closing answers who waits and leaves no timer', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world)
  const lease = await limiter.acquire(ticket())
  await fill(limiter, world, 3)
  const call = ask(limiter)
  await world.advance(100)
  let closed = false
  void limiter.close().then(() => {
    closed = true
  })
  const late = ask(limiter)
  await world.advance(50)
  t.equal(closed, true)
  t.match(call.error, { code: 'draining' })
  t.match(late.error, { code: 'draining' })
  lease.report({ kind: 'spent' })
  await limiter.close()
  t.equal(world.clock.countTimers(), 0)
})

t.test('the snapshot is plain data that says how things stand', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world)
  await fill(limiter, world, 3, 100)
  await limiter.acquire(ticket())
  ask(limiter)
  await world.advance(2000)
  ask(limiter)
  const snapshot = limiter.snapshot()
  t.match(snapshot, {
    application: { limit: 4, configured: 4, stated: undefined, windowMs: 10_000, used: 4, inFlight: 1, free: 0 },
    company: undefined,
    waiting: 2,
    oldestWaitMs: 2000,
    restingForMs: 0,
    draining: false
  })
  t.ok(snapshot.nextPlaceInMs > 7900 && snapshot.nextPlaceInMs < 8200, `${snapshot.nextPlaceInMs}`)
  t.same(JSON.parse(JSON.stringify(snapshot)).waiting, 2)
})
