import t from 'tap'
import { createRoundTrip } from '../../src/limiter/round-trip.js'
import { createTrust, trustAtFirst } from '../../src/limiter/trust.js'
import { ask, makeLimiter, useClock } from './world.js'

const quota = { calls: 40, windowMs: 60_000 }
const spent = { kind: 'spent' } as const

t.test('what is trusted departs in the same moment, the rest one after another as the answers come', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { application: quota, trusted: trustAtFirst(40) })
  const calls = Array.from({ length: 40 }, () => ask(limiter))
  const gone = () => calls.filter(({ lease }) => lease).length
  await world.advance(40)
  t.equal(gone(), 20)
  for (const { lease } of calls) lease?.report(spent)
  await world.advance(40)
  t.equal(gone(), 21, 'one explores')
  for (let n = 21; n < 40; n++) {
    calls[n - 1]?.lease?.report(spent)
    await world.settle()
    t.equal(gone(), n + 1, 'and each answer lets the next one go')
  }
  calls[39]?.lease?.report(spent)
  await world.advance(61_000)
  const again = Array.from({ length: 40 }, () => ask(limiter))
  await world.advance(40)
  t.equal(again.filter(({ lease }) => lease).length, 40, 'what was admitted once departs at once from then on')
})

t.test('a call that takes long does not keep the others from exploring', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { application: quota, trusted: 20 })
  const calls = Array.from({ length: 23 }, () => ask(limiter))
  const gone = () => calls.filter(({ lease }) => lease).length
  await world.advance(100)
  for (const { lease } of calls.slice(0, 19)) lease?.report(spent)
  await world.advance(800)
  t.equal(gone(), 20, 'the twentieth is not answered')
  await world.advance(200)
  t.equal(gone(), 21, 'after a second it is no longer waited for, nor are others for it')
  await world.advance(1100)
  t.equal(gone(), 22)
})

t.test('the wait for exploring is part of the estimate', async (t) => {
  const world = useClock(t)
  const limiter = await makeLimiter(t, world, { application: quota, trusted: 10 })
  const calls = Array.from({ length: 10 }, () => ask(limiter))
  await world.advance(500)
  for (const { lease } of calls) lease?.report(spent)
  await world.settle()
  for (let n = 0; n < 10; n++) ask(limiter)
  const impatient = ask(limiter, { maxWaitMs: 1000 })
  const patient = ask(limiter, { maxWaitMs: 10_000 })
  await world.settle()
  t.match(impatient.error, { code: 'wait_too_long' })
  t.equal(patient.error, undefined)
  const unwilling = ask(limiter, { maxWaitMs: 0 })
  await world.settle()
  t.match(unwilling.error, { code: 'wait_too_long' })
})

t.test('as many explore at a time as it takes to use the quota evenly', async (t) => {
  const roundTrip = createRoundTrip()
  const trust = createTrust({ calls: 300, windowMs: 60_000 }, 150, roundTrip)
  t.equal(trust.room(140, 0), 10)
  t.equal(trust.room(150, 0), 1, 'one as long as no answer was seen')
  roundTrip.measure(1000)
  t.equal(trust.room(150, 0), 5)
  const calls = Array.from({ length: 5 }, () => ({ at: 0, others: 149 }))
  for (const call of calls) trust.depart(call)
  t.equal(trust.room(150, 0), 0)
  t.equal(trust.opensAt(150, 0), 4000)
  t.equal(trust.room(150, 4000), 5)
})

t.test('a refusal halves what is trusted, unless the quota is trusted whole', async (t) => {
  const trust = createTrust(quota, 20, createRoundTrip())
  trust.back({ at: 0, others: 29 }, true)
  t.equal(trust.room(0, 0), 30)
  trust.back({ at: 0, others: 24 }, false)
  t.equal(trust.room(0, 0), 12)
  trust.back({ at: 0, others: 17 }, undefined)
  t.equal(trust.room(0, 0), 12)
  const whole = createTrust(quota, 40, createRoundTrip())
  whole.back({ at: 0, others: 24 }, false)
  t.equal(whole.room(39, 0), Number.POSITIVE_INFINITY)
})

t.test('half of a quota is trusted at first, and ten calls of any', async (t) => {
  t.same([1, 12, 40, 300].map(trustAtFirst), [10, 10, 20, 150])
})
