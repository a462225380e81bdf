import t from 'tap'
import { createWindow } from '../../src/limiter/window.js'
import { ask, makeLimiter, ticket, useClock, type World } from './world.js'

async function makeCompany(t: Test, world: World, calls: number, applications: number[]) {
  const company = createWindow({ calls, windowMs: 10_000 })
  t.teardown(() => {
    void company.close()
  })
  const limiters = []
  for (const quota of applications) {
    limiters.push(await makeLimiter(t, world, { application: { calls: quota, windowMs: 10_000 }, company }))
  }
  return { company, limiters }
}
type Test = Parameters<typeof makeLimiter>[0]

t.test('a call needs a place in both windows and takes neither without the other', async (t) => {
  const world = useClock(t)
  const { company, limiters } = await makeCompany(t, world, 5, [4, 4])
  const [one, two] = limiters
  if (!one || !two) return
  const calls = Array.from({ length: 6 }, () => [ask(one), ask(two)]).flat()
  await world.advance(100)
  t.equal(calls.filter((call) => call.lease).length, 5)
  t.match(company.snapshot(), { used: 5, free: 0 })
  t.equal(one.snapshot().application.used + two.snapshot().application.used, 5)
  calls.find((call) => call.lease)?.lease?.report({ kind: 'unsent' })
  await world.advance(50)
  t.equal(calls.filter((call) => call.lease).length, 6, 'its place in both is free again at once')
  t.match(company.snapshot(), { used: 5 })
})

t.test('limiters of one company take turns, however long the line of one of them is', async (t) => {
  const world = useClock(t)
  const { limiters } = await makeCompany(t, world, 4, [4, 4, 4])
  const order: string[] = []
  const send = (name: string, index: number) =>
    limiters[index]
      ?.acquire(ticket())
      .then((lease) => {
        order.push(name)
        lease.report({ kind: 'spent' })
      })
      .catch(() => {})
  for (let n = 0; n < 40; n++) void send('a', 0)
  await world.advance(100)
  for (let n = 0; n < 4; n++) void send('b', 1)
  for (let n = 0; n < 2; n++) void send('c', 2)
  await world.advance(30_500)
  t.equal(order.filter((name) => name === 'b').length, 4)
  t.equal(order.filter((name) => name === 'c').length, 2)
  t.same(order.slice(4, 10).sort(), ['a', 'a', 'b', 'b', 'c', 'c'])
})

t.test(
  'a refusal by the company limit rests all its limiters, one by the application limit only its own',
  async (t) => {
    const world = useClock(t)
    const { company, limiters } = await makeCompany(t, world, 80, [40, 40])
    const [one, two] = limiters
    if (!one || !two) return
    const [first, second] = await Promise.all([one.acquire(ticket()), one.acquire(ticket())])
    first?.report({ kind: 'throttled', scope: 'application', untilMs: 2000 })
    const other = ask(two)
    await world.settle()
    t.ok(other.lease)
    second?.report({
      kind: 'throttled',
      scope: 'company',
      untilMs: 5000,
      limit: { calls: 60, windowMs: 10_000 }
    })
    const calls = [ask(one), ask(one), ask(two), ask(two)]
    t.equal(two.snapshot().restingForMs, 5000)
    t.match(company.snapshot(), { limit: 40, stated: 60, throttled: 1 })
    t.match(one.snapshot().application, { limit: 20, throttled: 1 })
    t.match(two.snapshot().application, { limit: 40, throttled: 0 })
    await world.advance(4990)
    t.equal(calls.filter((call) => call.lease).length, 0)
    await world.advance(20)
    t.equal(calls.filter((call) => call.lease).length, 1, 'one probe for the whole company')
    calls.find((call) => call.lease)?.lease?.report({ kind: 'spent' })
    await world.advance(20)
    t.ok(calls.filter((call) => call.lease).length >= 3)
  }
)

t.test('the wait under both windows is estimated with the turns of the others in mind', async (t) => {
  const world = useClock(t)
  const { limiters } = await makeCompany(t, world, 4, [4, 4])
  const [one, two] = limiters
  if (!one || !two) return
  const start = performance.now()
  for (let n = 0; n < 12; n++) {
    one.acquire(ticket()).then(
      (lease) => lease.report({ kind: 'spent' }),
      () => {}
    )
  }
  await world.advance(100)
  // Eight of the other wait; by turns our first goes in the next lap, our third in the one after it.
  const calls = [ask(two), ask(two), ask(two, { maxWaitMs: 15_000 }), ask(two, { maxWaitMs: 25_000 })]
  await world.settle()
  t.match(calls[2]?.error, { code: 'wait_too_long', retryAfter: 6 })
  await world.advance(24_000)
  t.same(
    calls.map((call) => call.error?.code ?? Math.round(((call.at ?? 0) - start) / 10_000)),
    [1, 1, 'wait_too_long', 2]
  )
})

t.test('a limiter that closes leaves the window to the others', async (t) => {
  const world = useClock(t)
  const { company, limiters } = await makeCompany(t, world, 2, [2, 2])
  const [one, two] = limiters
  if (!one || !two) return
  const held = [ask(one), ask(one)]
  await world.advance(50)
  const gone = ask(one)
  const stays = ask(two)
  void one.close()
  await world.advance(50)
  t.match(gone.error, { code: 'draining' })
  for (const { lease } of held) lease?.report({ kind: 'spent' })
  await world.advance(10_500)
  t.ok(stays.lease)
  void two.close()
  void company.close()
  await world.advance(50)
  stays.lease?.report({ kind: 'spent' })
  t.equal(world.clock.countTimers(), 0)
})
