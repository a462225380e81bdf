import Bottleneck from 'bottleneck'
import type { Quota } from './outcome.js'

/**
 * The places of a window that no call uses: free in Bottleneck's reservoir, asked for, or at hand as a permit. The
 * server knows nothing of any of them.
 */
export interface Permits {
  /** Granted and unused. */
  atHand(): number
  /** At hand or on their way: what may be used at any moment. */
  granted(): number
  /** At hand, on their way, or free to ask for. Negative: so many of the places now in use exceed the limit. */
  available(): number
  /** How many jobs Bottleneck has been given so far. */
  jobs(): number
  /** Uses a permit at hand. */
  take(): void
  /** A permit that was taken has not been used. */
  unused(): void
  /** Places that were used are free again. */
  freed(count: number): void
  /** Another limit is in force: a lower one takes what is free, then what is at hand, then what comes back next. */
  resize(limit: number): void
  /** Asks for as many as wait and a few ahead of need. */
  refill(waiting: number, at: number): void
  /** The same when a call has found none at hand. */
  missed(waiting: number, at: number): void
  /** Stops Bottleneck. Resolves when it has no timer left. */
  close(): Promise<void>
}

export interface PermitOptions {
  /** Places that are used from the beginning and come back by `freed`. */
  used?: number | undefined
  /** Resolves when what is granted by now would be remembered; nothing is at hand before. */
  kept?: (() => Promise<void>) | undefined
}

/**
 * Permits kept at hand: few at first, doubled when a call found none or jobs follow one another closely, halved later.
 */
const leastAhead = 4
const mostAhead = 8192
/** Jobs this far apart cost next to nothing. */
const jobSpacingMs = 500

/**
 * A job costs Bottleneck 2.5–5 ms and they run one after another, so one job carries many permits, and the next is not
 * asked for until it is through. No job is ever heavier than the reservoir: it would hold back the single places that
 * are free. The reservoir never refreshes itself: a refresh lets two windows' worth of calls pass at its edge.
 */
export function createPermits(quota: Quota, granted: () => void, { used = 0, kept }: PermitOptions = {}): Permits {
  // Bottleneck spaces its jobs by the wall clock: set back by an hour, it would hold the next job for that hour. The
  // negative spacing keeps "the next job may start at" in the past for good.
  let limit = quota.calls
  let free = Math.max(0, limit - used)
  const bottleneck = new Bottleneck({ reservoir: free, minTime: -1e15 })
  let asking = 0
  let atHand = 0
  let debt = Math.max(0, used - limit) // while the limit is below what is in use; there is nothing free or at hand then
  let ahead = leastAhead
  let grownAt = 0
  let askedAt = Number.NEGATIVE_INFINITY
  let jobs = 0
  let closed = false

  function repay(count: number): number {
    const paid = Math.min(count, debt)
    debt -= paid
    return count - paid
  }

  function release(count: number): void {
    free += count
    if (count !== 0 && !closed) void bottleneck.incrementReservoir(count)
  }

  function ask(count: number): void {
    free -= count
    asking = count
    jobs++
    bottleneck
      .schedule({ weight: count }, async () => {
        if (kept) await kept()
        asking = 0
        atHand += repay(count)
        granted()
      })
      .catch(() => {}) // only ever "this limiter has been stopped"
  }

  function refill(waiting: number, at: number): void {
    if (free === 0 || asking > 0 || closed) return
    if (ahead > leastAhead && at - grownAt > quota.windowMs) {
      ahead >>= 1
      grownAt = at
    }
    // Small quotas are not hoarded, and half of the stock is used up before it is filled again.
    const spare = Math.max(1, Math.min(ahead, limit >> 2))
    if (waiting === 0 && atHand > spare >> 1) return
    const count = Math.min(free, waiting + spare - atHand)
    if (count <= 0) return
    if (at - askedAt < jobSpacingMs) grow(at)
    askedAt = at
    ask(count)
  }

  function grow(at: number): void {
    ahead = Math.min(mostAhead, ahead * 2)
    grownAt = at
  }

  return {
    atHand: () => atHand,
    granted: () => atHand + asking,
    available: () => atHand + asking + free - debt,
    jobs: () => jobs,
    take() {
      atHand--
    },
    unused() {
      atHand += repay(1)
    },
    freed(count) {
      release(repay(count))
    },
    resize(next) {
      let excess = limit - next
      limit = next
      if (excess <= 0) return release(repay(-excess))
      const fromFree = Math.min(free, excess)
      release(-fromFree)
      excess -= fromFree
      const fromHand = Math.min(atHand, excess)
      atHand -= fromHand
      debt += excess - fromHand
    },
    refill,
    missed(waiting, at) {
      if (atHand === 0 && free > 0 && asking === 0) grow(at)
      refill(waiting, at)
    },
    async close() {
      if (closed) return
      closed = true
      await bottleneck.stop({ dropWaitingJobs: true })
      await bottleneck.disconnect()
    }
  }
}
