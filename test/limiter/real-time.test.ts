import { spawnSync } from 'node:child_process'
import t from 'tap'
import { createLimiter } from '../../src/limiter/limiter.js'
import { ticket } from './world.js'

t.test('by the real clock too, no window holds more than the quota and little of it is lost', async (t) => {
  const windowMs = 200
  const limiter = createLimiter({ application: { calls: 20, windowMs }, queue: { maxCalls: 1000, maxWaitMs: 60_000 } })
  const arrivals: number[] = []
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      const lease = await limiter.acquire(ticket())
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
      arrivals.push(performance.now())
      lease.report({ kind: 'spent' })
    })
  )
  await limiter.close()
  for (let n = 20; n < 100; n++) t.ok((arrivals[n] ?? 0) - (arrivals[n - 20] ?? 0) > windowMs)
  const tookMs = (arrivals[99] ?? 0) - (arrivals[0] ?? 0)
  t.ok(tookMs < 4 * (windowMs + 20) * 3, `${tookMs} ms`)
})

t.test('a call that finds a free place costs microseconds', async (t) => {
  const limiter = createLimiter({
    application: { calls: 1_000_000, windowMs: 60_000 },
    queue: { maxCalls: 1000, maxWaitMs: 60_000 }
  })
  const call = ticket()
  let departed = 0
  let spent = 0
  while (departed < 6000) {
    await new Promise((resolve) => setTimeout(resolve, 2))
    const start = performance.now()
    for (let n = 0; n < 100; n++) {
      const lease = await limiter.acquire(call)
      lease.report({ kind: 'spent' })
      departed++
      if (lease.waitedMs > 0) break
    }
    spent += performance.now() - start
  }
  const { jobs } = limiter.snapshot().application
  await limiter.close()
  t.ok((spent / departed) * 1000 < 500, `${(spent / departed) * 1000} µs`)
  t.ok(jobs < departed / 50, `${jobs} jobs`)
})

t.test('places that nobody waits for do not keep the process alive, a waiting call does', async (t) => {
  const limiter = new URL('../../src/limiter/limiter.js', import.meta.url)
  const script = `
    import { createLimiter } from ${JSON.stringify(limiter)}
    const limiter = createLimiter({ application: { calls: 1, windowMs: 500 }, queue: { maxCalls: 9, maxWaitMs: 60000 } })
    const ticket = { client: 'a', priority: 3, signal: new AbortController().signal }
    const first = await limiter.acquire(ticket)
    first.report({ kind: 'spent' })
    const second = await limiter.acquire(ticket)
    second.report({ kind: 'throttled', scope: 'unknown', untilMs: 60000 })
    console.log(second.waitedMs > 500)
  `
  const started = performance.now()
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  t.equal(stdout, 'true\n')
  t.equal(status, 0)
  t.ok(performance.now() - started < 10_000)
})
