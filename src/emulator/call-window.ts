import type { QuotaSettings } from './scenario-schema.js'

export interface CallWindow {
  /** When the next call may come in, in epoch milliseconds; not in the future means now. */
  freeAt(now: number): number
  /** Takes note of a call that was let in or turned away. */
  record(now: number, admitted: boolean): void
}

/**
 * Counts calls in one window. ServiceChannel does not say which kind it uses: `fixed` starts at the first call and ends
 * as a whole, `rolling` looks back from each call, and `rolling-counting-rejected` also counts the calls it turned away.
 */
export function createCallWindow(quota: QuotaSettings): CallWindow {
  const limit = quota.enforcedCalls ?? quota.calls
  const length = quota.windowSeconds * 1000
  return quota.window === 'fixed'
    ? fixedWindow(limit, length)
    : rollingWindow(limit, length, quota.window === 'rolling-counting-rejected')
}

function fixedWindow(limit: number, length: number): CallWindow {
  let start = Number.NEGATIVE_INFINITY
  let calls = 0
  return {
    freeAt: (now) => (calls < limit || now >= start + length ? now : start + length),
    record(now, admitted) {
      if (!admitted) return
      if (now >= start + length) {
        start = now
        calls = 0
      }
      calls += 1
    }
  }
}

function rollingWindow(limit: number, length: number, countRejected: boolean): CallWindow {
  let times: number[] = []
  return {
    freeAt(now) {
      times = times.filter((time) => time > now - length)
      // The call that has to leave the window before fewer than `limit` remain in it.
      const blocking = times.at(-limit)
      return blocking === undefined ? now : blocking + length
    },
    record(now, admitted) {
      if (admitted || countRejected) times.push(now)
    }
  }
}
