/** How often a quantity was how large, in the buckets of a Prometheus histogram. */
export interface Distribution {
  /** The upper bounds; what is larger is in the one after the last. */
  readonly bounds: readonly number[]
  /** How many were at most as large as the bound and larger than the one before. */
  readonly counts: ArrayLike<number>
  sum(): number
  add(value: number): void
}

/** @param bounds ascending */
export function createDistribution(bounds: readonly number[]): Distribution {
  const counts = new Float64Array(bounds.length + 1)
  let sum = 0
  return {
    bounds,
    counts,
    sum: () => sum,
    add(value) {
      let bucket = 0
      while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++
      counts[bucket] = (counts[bucket] ?? 0) + 1
      sum += value
    }
  }
}
