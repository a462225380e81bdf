import type { Test } from 'tap'
import { createLimiter, type Limiter, type LimiterOptions } from '../../src/limiter/limiter.js'
import type { Quota } from '../../src/limiter/outcome.js'
import { openRedis } from '../../src/redis/connection.js'
import { createContact } from '../../src/redis/contact.js'
import { shareQuota } from '../../src/redis/shared-quota.js'

export interface Replica {
  limiter: Limiter
  /** What its contact with Redis came to. */
  story: string[]
  /** As if it had been killed: nobody hears of it again. */
  die(): void
  close(): Promise<void>
}

export interface ReplicaOptions {
  quota: Quota
  url: string
  seats?: number
  safePercent?: number
  limiter?: Partial<LimiterOptions>
  now?: () => number
}

let made = 0

/** One replica's limiter in this process, over a connection of its own. */
export function startReplica(t: Test, options: ReplicaOptions): Replica {
  const { quota, url, seats = 4, safePercent = 25, now = () => performance.now() } = options
  const story: string[] = []
  const redis = openRedis({ url })
  const contact = createContact(seats, {
    made: (replicas) => story.push(`made with ${replicas}`),
    lost: (reason) => story.push(`lost: ${reason}`),
    crowded: (replicas) => story.push(`crowded: ${replicas}`)
  })
  const commons = shareQuota({
    quota,
    key: 'test:quota',
    replica: `r${++made}`,
    seats,
    safePercent,
    redis,
    contact,
    now
  })
  const limiter = createLimiter({
    application: quota,
    commons,
    queue: { maxCalls: 10_000, maxWaitMs: 120_000 },
    ...options.limiter
  })
  let closed = false
  async function close(): Promise<void> {
    if (closed) return
    closed = true
    await limiter.close()
    redis.close()
  }
  t.teardown(close)
  return { limiter, story, close, die: redis.close }
}
