import t from 'tap'
import { createLearner } from '../../src/limiter/learner.js'
import type { Outcome } from '../../src/limiter/limiter.js'
import { ask, fill, makeLimiter, ticket, useClock } from './world.js'

const refused: Outcome = { kind: 'throttled', scope: 'application', untilMs: 5000 }

t.test('after a refusal nothing departs until the time given, permits at hand included', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { application: { calls: 40, windowMs: 60_000 } })
  const lease = await limiter.acquire(ticket())
  const waiting = Array.from({ length: 30 }, () => ask(limiter))
  lease.report(refused)
  await world.advance(4990)
  const newcomer = ask(limiter)
  await world.settle()
  t.equal(waiting.filter((call) => call.lease).length, 3, 'only those that had left before')
  t.equal(newcomer.lease, undefined)
  t.ok(limiter.snapshot().restingForMs <= 10)
  await world.advance(20)
  t.equal(waiting.filter((call) => call.lease).length, 4, 'then one probe')
  t.equal(limiter.snapshot().application.probing, true)
  await world.advance(3000)
  t.equal(waiting.filter((call) => call.lease).length, 4, 'and no other while it is out')
  waiting[3]?.lease?.report({ kind: 'spent' })
  await world.advance(30)
  t.equal(waiting.filter((call) => call.lease).length, 19, 'then as many as the lowered limit admits')
  t.match(limiter.snapshot().application, { limit: 20, used: 20, throttled: 1 })
})

t.test('a probe that is refused rests again, one that is lost or never sent hands on', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { application: { calls: 40, windowMs: 60_000 } })
  ;(await limiter.acquire(ticket())).report(refused)
  const calls = Array.from({ length: 4 }, () => ask(limiter))
  const gone = () => calls.filter((call) => call.lease).length
  await world.advance(5001)
  t.equal(gone(), 1)
  calls[0]?.lease?.report({ kind: 'throttled', scope: 'application', untilMs: 3000 })
  await world.advance(2990)
  t.equal(gone(), 1)
  await world.advance(20)
  t.equal(gone(), 2)
  calls[1]?.lease?.report({ kind: 'unsent' })
  await world.settle()
  t.equal(gone(), 3, 'never sent: the next call is the probe')
  calls[2]?.lease?.report({ kind: 'spent', unanswered: true })
  await world.settle()
  t.equal(gone(), 4, 'lost: the next call is the probe')
  t.equal(limiter.snapshot().application.probing, true)
})

t.test('the rest is one window when no time is given, a second at least, an hour at most', async (t) => {
  const world = useClock(t)
  for (const [untilMs, restMs] of [
    [undefined, 60_000],
    [0, 1000],
    [10 ** 9, 3_600_000]
  ] as const) {
    const limiter = await makeLimiter(t, world, { application: { calls: 40, windowMs: 60_000 } })
    ;(await limiter.acquire(ticket())).report({ kind: 'throttled', scope: 'unknown', untilMs })
    t.equal(limiter.snapshot().restingForMs, restMs)
  }
})

t.test('a rest that outlasts a bound answers that call at once, with the time it would be accepted', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world)
  const lease = await limiter.acquire(ticket())
  await fill(limiter, world, 3)
  const short = ask(limiter, { maxWaitMs: 15_000 })
  const long = ask(limiter, { maxWaitMs: 60_000 })
  lease.report({ kind: 'throttled', scope: 'application', untilMs: 30_000 })
  const returned = ask(limiter, { maxWaitMs: 15_000 }, true)
  await world.settle()
  t.match(short.error, { code: 'wait_too_long', retryAfter: 16 }, 'a second after the probe')
  t.match(returned.error, { code: 'wait_too_long', retryAfter: 15 })
  t.equal(long.error, undefined)
  await world.advance(16_000)
  const accepted = ask(limiter, { maxWaitMs: 15_000 })
  await world.settle()
  t.equal(accepted.error, undefined)
  await world.advance(14_100)
  t.ok(long.lease)
})

t.test('advice on a good answer stops departures until then, for a window at most, and teaches nothing', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world)
  ;(await limiter.acquire(ticket())).report({ kind: 'paced', untilMs: 2000 })
  const calls = [ask(limiter), ask(limiter), ask(limiter)]
  await world.advance(1990)
  t.equal(calls.filter((call) => call.lease).length, 0)
  await world.advance(30)
  t.equal(calls.filter((call) => call.lease).length, 3, 'no probe')
  t.match(limiter.snapshot().application, { limit: 4, throttled: 0 })
  calls[0]?.lease?.report({ kind: 'paced', untilMs: 10 ** 9 })
  t.equal(limiter.snapshot().restingForMs, 10_000)
})

t.test('a stated limit is in force at once, and what exceeds it is not given back', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, {
    application: { calls: 40, windowMs: 60_000 },
    queue: { maxCalls: 1000, maxWaitMs: 10 ** 7 }
  })
  const leases = await Promise.all(Array.from({ length: 3 }, () => limiter.acquire(ticket())))
  await fill(limiter, world, 27)
  leases[0]?.report({ ...refused, limit: { calls: 10, windowMs: 60_000 } })
  t.match(limiter.snapshot().application, { limit: 10, stated: 10, configured: 40, used: 30, free: 0 })
  let departed = 0
  for (let n = 0; n < 30; n++)
    limiter.acquire(ticket()).then(
      (lease) => {
        departed++
        lease.report({ kind: 'spent' })
      },
      () => {}
    )
  await world.advance(59_000)
  t.equal(departed, 0, 'thirty were in the window of ten')
  await world.advance(3000)
  t.equal(departed, 8, 'two of the ten are still out')
  leases[1]?.report({ kind: 'spent' })
  leases[2]?.report({ kind: 'unsent' })
  await world.advance(100)
  t.equal(departed, 9)
  await world.advance(58_000)
  t.equal(departed, 9)
})

t.test('a limit over another window is converted so that both are kept', async (t) => {
  const stated = (calls: number, windowMs: number) => {
    const learner = createLearner({ calls: 300, windowMs: 60_000 })
    learner.refused({ at: 1, departedAt: 0, others: 299, probe: false, stated: { calls, windowMs } })
    return learner.limit()
  }
  t.equal(stated(40, 60_000), 40)
  t.equal(stated(1000, 600_000), 100)
  t.equal(stated(7, 600_000), 1)
  t.equal(stated(20, 1000), 20)
  t.equal(stated(5000, 60_000), 299, 'never above the configured quota, nor above what was just refused')
})

t.test('being refused below the limit lowers it to the count in the window, by half at most', async (t) => {
  const learner = createLearner({ calls: 40, windowMs: 60_000 })
  learner.refused({ at: 1000, departedAt: 900, others: 24, probe: false })
  t.equal(learner.limit(), 24)
  learner.refused({ at: 1010, departedAt: 890, others: 20, probe: false })
  learner.refused({ at: 1020, departedAt: 880, others: 3, probe: false })
  t.equal(learner.limit(), 20, 'calls under way belong to the same incident')
  learner.refused({ at: 9000, departedAt: 8000, others: 0, probe: true })
  t.equal(learner.limit(), 20, 'a refused probe says the rest was too short')
  learner.refused({ at: 9000, departedAt: 8000, others: 0, probe: false })
  t.equal(learner.limit(), 10)
  for (let n = 1; n < 9; n++) learner.refused({ at: 9000 + n * 10, departedAt: 8995 + n * 10, others: 0, probe: false })
  t.equal(learner.limit(), 1, 'never below one')
})

t.test('quiet windows at the limit raise it step by step, relapses make that slower', async (t) => {
  const window = 60_000
  const learner = createLearner({ calls: 40, windowMs: window })
  let at = 0
  const quiet = (windows: number) => {
    for (let n = 0; n < windows; n++) {
      at += window
      learner.reached(at - 10)
      learner.reached(at)
    }
  }
  const refuse = (others: number) => learner.refused({ at: at + 2, departedAt: at + 1, others, probe: false })
  refuse(20)
  quiet(2)
  t.equal(learner.limit(), 20)
  quiet(1)
  t.equal(learner.limit(), 24)
  refuse(20)
  quiet(3)
  t.equal(learner.limit(), 20, 'twice as patient after a relapse')
  quiet(2)
  t.equal(learner.limit(), 24)
  quiet(4 * 4)
  t.equal(learner.limit(), 40, 'back at the configured quota')
  quiet(100)
  t.equal(learner.limit(), 40)
})

t.test('the limiter lives with a server that allows half of what it states', async (t) => {
  const world = useClock(t)
  const windowMs = 2000
  const limiter = await makeLimiter(t, world, {
    application: { calls: 40, windowMs },
    queue: { maxCalls: 1000, maxWaitMs: 10 ** 7 }
  })
  const arrivals: number[] = []
  let done = 0
  let refusals = 0
  const send = async (again = false): Promise<void> => {
    const lease = await limiter.acquire(ticket(), { again })
    const at = performance.now()
    const refused = arrivals.filter((arrival) => at - arrival <= windowMs).length >= 20
    if (!refused) arrivals.push(at)
    setTimeout(() => {
      if (refused) {
        refusals++
        lease.report({ kind: 'throttled', scope: 'application', limit: { calls: 40, windowMs } })
        void send(true)
      } else {
        done++
        lease.report({ kind: 'spent' })
      }
    }, 30)
  }
  for (let n = 0; n < 200; n++) void send()
  await world.advance(26_000)
  t.equal(done, 200)
  t.ok(refusals < 60, `${refusals} refusals`)
  t.ok(limiter.snapshot().application.limit < 40)
})

t.test('under steady load the limit climbs back after one refusal', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { application: { calls: 10, windowMs: 1000 } })
  let refusals = 1
  const send = (): Promise<void> =>
    limiter.acquire(ticket()).then(
      (lease) => {
        lease.report(refusals-- > 0 ? { ...refused, untilMs: 1000 } : { kind: 'spent' })
        return send()
      },
      () => {}
    )
  for (let n = 0; n < 15; n++) void send()
  await world.advance(900)
  t.equal(limiter.snapshot().application.limit, 5)
  await world.advance(15_000)
  t.equal(limiter.snapshot().application.limit, 10)
  t.equal(limiter.snapshot().application.used, 10)
})
