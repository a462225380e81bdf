import type { Quota } from './outcome.js'

/** A call that the server's own limit refused. */
export interface Refusal {
  at: number
  departedAt: number
  /** Our other calls in the window when it departed. */
  others: number
  /** It was the first call after a rest: it says the rest was too short, nothing about how many calls are too many. */
  probe: boolean
  /** The limit as the answer states it. */
  stated?: Quota | undefined
}

/** What the real limit seems to be, never above the configured one. */
export interface Learner {
  limit(): number
  /** The limit the server last stated, in calls per our window. */
  stated(): number | undefined
  refused(refusal: Refusal): void
  /** A call took the last place under the limit: a full window of this without a refusal is evidence for more. */
  reached(at: number): void
  /** Another process has learned this limit. */
  adopt(limit: number, at: number): void
}

const leastPatience = 2
const mostPatience = 64

/**
 * The limit falls at once: to the stated one, and to the number of calls that were in the window when one more was
 * refused, by no more than half per incident, since the quota may just have been used by somebody else. It rises by a
 * tenth of the configured quota after two quiet windows at the limit; every relapse doubles the number of windows, up
 * to 64, and a raise that holds brings it back to two.
 */
export function createLearner(quota: Quota): Learner {
  const step = Math.ceil(quota.calls / 10)
  let limit = quota.calls
  let stated: number | undefined
  let floor = limit
  let incidentAt = Number.NEGATIVE_INFINITY
  let raised = false
  let patience = leastPatience
  let quiet = 0
  let since = Number.NEGATIVE_INFINITY

  return {
    limit: () => limit,
    stated: () => stated,
    refused(refusal) {
      quiet = 0
      since = refusal.at
      if (raised) patience = Math.min(mostPatience, patience * 2)
      raised = false
      // Calls that were already under way belong to the same incident, however many of them are refused.
      if (refusal.departedAt > incidentAt) {
        floor = Math.max(1, Math.floor(limit / 2))
        incidentAt = refusal.at
      }
      if (!refusal.probe) limit = Math.min(limit, Math.max(refusal.others, floor))
      if (!refusal.stated) return
      stated = perWindow(refusal.stated, quota.windowMs)
      limit = Math.min(limit, stated)
    },
    reached(at) {
      if ((limit === quota.calls && patience === leastPatience) || at - since < quota.windowMs) return
      since = at
      if (++quiet < patience) return
      quiet = 0
      if (limit === quota.calls) {
        patience = leastPatience
      } else {
        // A raise that has held says that times have changed.
        if (raised) patience = leastPatience
        limit = Math.min(quota.calls, limit + step)
        raised = true
      }
    },
    adopt(learned, at) {
      limit = Math.max(1, Math.min(quota.calls, learned))
      quiet = 0
      since = at
    }
  }
}

/**
 * A limit over another window length in calls per ours, so that keeping ours keeps it too: a longer window is shared
 * out evenly, a shorter one may be hit by all of ours at once.
 */
function perWindow(stated: Quota, windowMs: number): number {
  return Math.max(1, Math.floor(stated.calls * Math.min(1, windowMs / stated.windowMs)))
}
