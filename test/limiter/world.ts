import { setMaxListeners } from 'node:events'
import { install } from '@sinonjs/fake-timers'
import type { Test } from 'tap'
import { createLimiter, type Lease, type Limiter, type LimiterOptions, type Ticket } from '../../src/limiter/limiter.js'

/** A clock that only `advance` moves; between two timers all promises settle. */
export function useClock(t: Test) {
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  const clock = install({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date']
  })
  t.teardown(() => clock.uninstall())
  return {
    clock,
    settle: turn,
    async advance(ms: number) {
      await turn()
      let reached = false
      setTimeout(() => {
        reached = true
      }, ms)
      while (!reached) {
        clock.next()
        await turn()
      }
    }
  }
}

export type World = ReturnType<typeof useClock>

/** A limiter with its first permits granted, closed at the end of the test. */
export async function makeLimiter(t: Test, world: World, options: Partial<LimiterOptions> = {}): Promise<Limiter> {
  const limiter = createLimiter({
    application: { calls: 4, windowMs: 10_000 },
    queue: { maxCalls: 1000, maxWaitMs: 120_000 },
    ...options
  })
  t.teardown(() => {
    void limiter.close()
  })
  await world.advance(20)
  return limiter
}

const nobody = new AbortController().signal
setMaxListeners(0, nobody)

export function ticket(fields: Partial<Ticket> = {}): Ticket {
  return { client: 'a', priority: 3, signal: nobody, ...fields }
}

/** Takes every place and has it answered after `ms`. */
export async function fill(limiter: Limiter, world: World, calls: number, ms = 0): Promise<void> {
  const leases = []
  for (let n = 0; n < calls; n++) leases.push(limiter.acquire(ticket()))
  await world.advance(50)
  const taken = await Promise.all(leases)
  if (ms > 0) await world.advance(ms)
  for (const lease of taken) lease.report({ kind: 'spent' })
}

/** Acquires, and tells when the lease came or why not. */
export function ask(limiter: Limiter, fields: Partial<Ticket> = {}, again = false) {
  const asked = {
    lease: undefined as Lease | undefined,
    error: undefined as { code?: string; retryAfter?: number | undefined; message?: string } | undefined,
    at: undefined as number | undefined
  }
  limiter.acquire(ticket(fields), { again }).then(
    (lease) => {
      asked.lease = lease
      asked.at = performance.now()
    },
    (error) => {
      asked.error = error
      asked.at = performance.now()
    }
  )
  return asked
}
