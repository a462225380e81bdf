/** The mean time from a departure to its answer, the recent calls weighing most. */
export interface RoundTrip {
  /** In milliseconds; half a second as long as none was measured. */
  ms(): number
  /** One was measured. */
  isKnown(): boolean
  measure(ms: number): void
}

/** A new call counts for an eighth, as in TCP's estimate (RFC 6298 section 2.3). */
const weight = 1 / 8

export function createRoundTrip(): RoundTrip {
  let mean: number | undefined
  return {
    ms: () => mean ?? 500,
    isKnown: () => mean !== undefined,
    measure(ms) {
      mean = mean === undefined ? ms : mean + (ms - mean) * weight
    }
  }
}
