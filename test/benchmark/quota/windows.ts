/** How a server may count a limit of so many calls per window. ServiceChannel does not say which way is its own. */
export const kinds = ['fixed-phase', 'rolling', 'rejected-counts'] as const
export type Kind = (typeof kinds)[number]

export interface CountingWindow {
  /** A call arrives. 0: it is let in; otherwise the ms until a call would be. */
  arrive(at: number): number
}

/** Times in ms on any clock. */
export function createCountingWindow(kind: Kind, calls: number, windowMs: number): CountingWindow {
  return kind === 'fixed-phase' ? fixedPhase(calls, windowMs) : rolling(calls, windowMs, kind === 'rejected-counts')
}

/** Begins anew at every multiple of the window, whoever calls. */
function fixedPhase(calls: number, windowMs: number): CountingWindow {
  let phase = 0
  let count = 0
  return {
    arrive(at) {
      const now = Math.floor(at / windowMs)
      if (now !== phase) count = 0
      phase = now
      if (count >= calls) return (now + 1) * windowMs - at
      count++
      return 0
    }
  }
}

/** The calls of the last window at any moment. The strict ones count those they have refused as well. */
function rolling(calls: number, windowMs: number, countsRefused: boolean): CountingWindow {
  let counted: number[] = []
  return {
    arrive(at) {
      counted = counted.filter((time) => time > at - windowMs)
      const isFull = counted.length >= calls
      // Free again once all but the last `calls - 1` are older than the window.
      const freeAt = isFull ? (counted.at(-calls) ?? at) + windowMs : at
      if (!isFull || countsRefused) counted.push(at)
      return freeAt - at
    }
  }
}
