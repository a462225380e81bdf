import t from 'tap'
import { createCooling } from '../../src/limiter/cooling.js'
import { createPermits } from '../../src/limiter/permits.js'
import { useClock } from './world.js'

t.test('a place is free one window after the answer, never before, and says so in advance', async (t) => {
  const cooling = createCooling(1000)
  cooling.add(0, 0)
  cooling.add(3, 3)
  cooling.add(500, 500)
  t.equal(cooling.collect(1000), 0)
  t.same([0, 1, 2, 3].map(cooling.due), [1010, 1010, 1510, Number.POSITIVE_INFINITY])
  t.equal(cooling.earliest(), 1010)
  t.equal(cooling.collect(1009.9), 0)
  t.equal(cooling.collect(1010), 2)
  t.equal(cooling.size(), 1)
  t.equal(cooling.collect(10 ** 9), 1)
  t.equal(cooling.earliest(), Number.POSITIVE_INFINITY)
})

t.test('places nobody collected in time do not take later ones with them', async (t) => {
  const cooling = createCooling(1000)
  for (let n = 0; n < 300; n++) {
    cooling.add(0, 0)
    cooling.add(2000 + n, 2000 + n)
    t.equal(cooling.collect(2000 + n), 1, `${n}`)
    t.equal(cooling.collect(10 ** 6), 1)
  }
})

async function makePermits(t: Parameters<typeof useClock>[0], calls: number) {
  const world = useClock(t)
  const permits = createPermits({ calls, windowMs: 1000 }, () => {})
  t.teardown(() => {
    void permits.close()
  })
  return { world, permits }
}

t.test('a lower limit is paid for by what comes back, whichever way it comes', async (t) => {
  const { world, permits } = await makePermits(t, 10)
  permits.refill(10, 0)
  await world.advance(20)
  t.equal(permits.atHand(), 10)
  for (let n = 0; n < 9; n++) permits.take()
  permits.resize(4)
  t.strictSame([permits.atHand(), permits.available()], [0, -5])
  permits.unused()
  t.strictSame([permits.atHand(), permits.available()], [0, -4])
  permits.freed(3)
  permits.resize(5)
  permits.refill(5, 0)
  await world.advance(20)
  t.strictSame([permits.atHand(), permits.available()], [0, 0])
  permits.freed(5)
  permits.refill(5, 0)
  await world.advance(20)
  t.strictSame([permits.atHand(), permits.available()], [5, 5])
})

t.test('permits that are on their way when the limit falls do not exceed it', async (t) => {
  const { world, permits } = await makePermits(t, 10)
  permits.refill(10, 0)
  permits.resize(3)
  t.equal(permits.available(), 3)
  await world.advance(20)
  t.equal(permits.atHand(), 3)
  permits.resize(10)
  permits.refill(10, 0)
  await world.advance(20)
  t.equal(permits.atHand(), 10)
})

t.test('a few permits are kept at hand, and none of a small quota is taken that nobody asked for', async (t) => {
  for (const [calls, stock] of [
    [1, 1],
    [4, 1],
    [12, 3],
    [300, 4]
  ] as const) {
    const { world, permits } = await makePermits(t, calls)
    permits.refill(0, 0)
    await world.advance(20)
    t.equal(permits.atHand(), stock, `${calls}`)
    world.clock.uninstall()
  }
})
