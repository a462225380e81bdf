import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { createLimiter, type Limiter } from '../../src/limiter/limiter.js'
import { ticket } from '../limiter/world.js'
import { until } from '../support/until.js'
import { startRelay } from './relay.js'
import { startReplica } from './replica.js'
import { startRedis } from './server.js'

/*
 * What a place costs a call: `npm run types && node build/test/redis/latency.js`. Alone; shared, with a place at hand; and
 * shared where Redis has to be asked for it: against a real server on this machine, at once and over a line that delays
 * every piece. Nothing is sent with the places:
 * only the way to them is measured.
 */

const quota = { calls: 1000, windowMs: 60_000 }
const rounds = 5
const closing: (() => unknown)[] = []
const t = { teardown: (close: () => unknown) => closing.push(close) } as unknown as Test

type Sample = () => Promise<number>

async function time(limiter: Limiter, kind: 'unsent' | 'spent' = 'unsent'): Promise<number> {
  const began = performance.now()
  const lease = await limiter.acquire(ticket())
  const took = performance.now() - began
  lease.report({ kind })
  return took
}

const quantile = (all: number[], part: number) =>
  all.toSorted((a, b) => a - b)[Math.floor(part * (all.length - 1))] ?? 0
const words = (ms: number) => (ms < 0.1 ? `${(ms * 1000).toFixed(1)} µs` : `${ms.toFixed(2)} ms`)
const spread = (of: number[]) => `${words(quantile(of, 0.5))} (${words(Math.min(...of))} to ${words(Math.max(...of))})`

/** Medians and 99th percentiles of rounds, each with its own spread. */
async function report(name: string, sample: Sample, apartMs = 0): Promise<void> {
  const medians: number[] = []
  const tails: number[] = []
  const calls = apartMs > 0 ? 40 : 100
  for (let warm = 0; warm < 20; warm++) await sample()
  for (let round = 0; round < rounds; round++) {
    const all: number[] = []
    for (let n = 0; n < calls; n++) {
      if (apartMs > 0) await pause(apartMs)
      all.push(await sample())
    }
    medians.push(quantile(all, 0.5))
    tails.push(quantile(all, 0.99))
  }
  process.stdout.write(`${name.padEnd(46)} median ${spread(medians)}, 99 % ${spread(tails)}\n`)
}

const alone = createLimiter({ application: quota, queue: { maxCalls: 1000, maxWaitMs: 60_000 } })
await until(() => alone.tryAcquire(ticket()) !== undefined)
await report('alone', () => time(alone))
await alone.close()

const server = await startRedis(t)
for (const delayMs of [0, 1, 5]) {
  const relay = await startRelay(t, server.port, delayMs)
  const url = `redis://127.0.0.1:${delayMs === 0 ? server.port : relay.port}`
  const line = delayMs === 0 ? 'on this machine' : `${delayMs} ms each way`
  const redis = new Redis(url)
  await redis.flushall()
  await report(`a round trip to Redis, ${line}`, async () => {
    const began = performance.now()
    await redis.ping()
    return performance.now() - began
  })
  const { limiter, story, close } = startReplica(t, { quota, url, seats: 1, safePercent: 0 })
  await until(() => story.length > 0)
  await until(async () => {
    await pause(100)
    return limiter.tryAcquire(ticket()) !== undefined
  })
  const warm = await limiter.acquire(ticket())
  await report(`shared, a place at hand, ${line}`, () => time(limiter))
  warm.report({ kind: 'unsent' })
  // As many others as leave no spare places to this one: every call has to ask.
  const born = await redis.hget('test:quota:learned', 'born')
  const others = Array.from({ length: 300 }, (_, n) => [`other ${n}`, `0 0 0 1 ${Date.now() + 600_000} ${born}`])
  await redis.hset('test:quota:places', ...(others.flat() as [string, string]))
  await pause(1500)
  await report(`shared, Redis is asked, ${line}`, () => time(limiter, 'spent'), 40)
  await report(`the same, one call right after the other`, () => time(limiter, 'spent'))
  await close()
  redis.disconnect()
}
for (const close of closing.reverse()) await close()
