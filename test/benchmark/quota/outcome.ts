import { mean, quantile } from '../statistics.js'
import type { Arrival, Terms } from './server.js'

/** What became of one contest. */
export interface Outcome {
  /** Calls let in per window, as a share of the limit. */
  utilisation: number
  /** The most that is possible without knowing how the server counts: window / (window + round trip). */
  bound: number
  /** From asking to arriving, in seconds. */
  waits: { p50: number; p95: number; most: number }
  /**
   * Jain's index of the calls served per client while all have calls waiting, that is from the second window to the
   * middle of the rest: 1 is equal, 1/clients is all to one.
   */
  fairness: number
}

/** `startedAt`: when all calls were asked for. Figures are NaN when too little was let in. */
export function outcomeOf(arrivals: readonly Arrival[], startedAt: number, clients: number, terms: Terms): Outcome {
  const { calls, windowMs } = terms
  const sorted = arrivals.toSorted((a, b) => a.at - b.at)
  const times = sorted.map(({ at }) => at)
  const waits = times.map((at) => (at - startedAt) / 1000)
  return {
    // From the middle of the first window's worth to the middle of the last: neither a late straggler nor the burst at
    // the start, which nothing had to wait for, decides.
    utilisation:
      ((times.length - calls) / calls) * (windowMs / (mean(times.slice(-calls)) - mean(times.slice(0, calls)))),
    bound: windowMs / (windowMs + mean(sorted.map(({ roundTripMs }) => roundTripMs))),
    waits: { p50: quantile(waits, 0.5), p95: quantile(waits, 0.95), most: waits.at(-1) ?? Number.NaN },
    fairness: jain(sorted.slice(calls, (calls + sorted.length) >> 1), clients)
  }
}

function jain(arrivals: readonly Arrival[], clients: number): number {
  const served = Array.from({ length: clients }, (_, n) => arrivals.filter(({ client }) => client === n).length)
  const squares = served.reduce((sum, count) => sum + count * count, 0)
  return arrivals.length ** 2 / (clients * squares)
}
