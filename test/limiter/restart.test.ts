import t from 'tap'
import type { Page } from '../../src/limiter/ledger.js'
import { createLimiter, type Limiter } from '../../src/limiter/limiter.js'
import { type Clocks, read, type Standing, write } from '../../src/limiter/standing.js'
import { createWindow } from '../../src/limiter/window.js'
import { fullestWindow } from '../journeys/support/rolling-window.js'
import { ticket, useClock, type World } from './world.js'

/** A disk of memory that takes `ms` for each page, and keeps nothing of one it has not finished when the power goes. */
function makeDisk(world: World, ms: number) {
  const files = new Map<string, string>()
  const clocks = (): Clocks => ({ wall: Date.now(), uptime: performance.now() })
  return {
    writes: 0,
    page(name: string, isAlive: () => boolean): Page {
      let look: () => Standing = () => ({ spent: [], open: 0 })
      let isDue = false
      const save = async (closed: boolean) => {
        this.writes++
        const text = write(look(), clocks(), closed)
        await new Promise((resolve) => setTimeout(resolve, ms))
        if (isAlive()) files.set(name, text)
      }
      return {
        spent: read(files.get(name) ?? '', clocks()) ?? [],
        keep(standing) {
          look = standing
        },
        touch() {
          if (isDue) return
          isDue = true
          setTimeout(() => {
            isDue = false
            void save(false)
          }, 1000)
        },
        kept: () => save(false),
        close: () => save(true)
      }
    },
    settle: () => world.advance(ms + 1)
  }
}

for (const [how, seeds] of [
  ['killed', [1, 2, 3, 4, 5, 6]],
  ['stopped', [7, 8, 9]]
] as const) {
  t.test(`a proxy that is ${how} again and again never exceeds a quota`, async (t) => {
    for (const seed of seeds) {
      const world = useClock(t)
      const disk = makeDisk(world, 3)
      const random = randomOf(seed)
      const arrivals: number[] = []
      let served = 0
      for (let life = 0; life < 12; life++) {
        let isAlive = true
        const company = createWindow({ calls: 9, windowMs: 10_000 }, { page: disk.page('company', () => isAlive) })
        const limiter = createLimiter({
          application: { calls: 6, windowMs: 10_000 },
          page: disk.page('application', () => isAlive),
          company,
          queue: { maxCalls: 100, maxWaitMs: 120_000 }
        })
        const visit = async (limiter: Limiter) => {
          const lease = await limiter.acquire(ticket())
          if (!isAlive) return
          const latency = random() * 400
          setTimeout(() => arrivals.push(performance.now()), latency * random())
          await new Promise((resolve) => setTimeout(resolve, latency))
          if (!isAlive) return
          lease.report({ kind: 'spent' })
          served++
        }
        for (let n = 0; n < 8; n++) visit(limiter).catch(() => {})
        await world.advance(random() * 4000)
        if (how === 'stopped') {
          void limiter.close()
          void company.close()
          await disk.settle()
        }
        isAlive = false
        await world.advance(random() * 3000)
      }
      const fullest = fullestWindow(arrivals, 10_000)
      t.ok(fullest <= 6, `seed ${seed}: ${fullest} in the fullest window of ${arrivals.length} calls`)
      t.ok(served > 12, `${served} are served all the same`)
      world.clock.uninstall()
    }
  })
}

t.test('a kill costs no more than the few places that were at hand', async (t) => {
  const world = useClock(t)
  const disk = makeDisk(world, 3)
  const start = () => createWindow({ calls: 40, windowMs: 60_000 }, { page: disk.page('a', () => true) })
  start()
  await world.advance(1000)
  const next = start()
  await world.advance(1000)
  t.ok(next.snapshot().used <= 4, `${next.snapshot().used} of 40 are taken for used`)
  await world.advance(62_000)
  t.equal(next.snapshot().free, 40)
})

t.test('a burst is written down in a few writes', async (t) => {
  const world = useClock(t)
  const disk = makeDisk(world, 3)
  const limiter = createLimiter({
    application: { calls: 300, windowMs: 60_000 },
    page: disk.page('a', () => true),
    queue: { maxCalls: 1000, maxWaitMs: 120_000 }
  })
  const leases = Promise.all(Array.from({ length: 300 }, () => limiter.acquire(ticket())))
  await world.advance(200)
  for (const lease of await leases) lease.report({ kind: 'spent' })
  await world.advance(800)
  t.ok(disk.writes <= 10, `${disk.writes} writes for 300 calls`)
  void limiter.close()
})

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
