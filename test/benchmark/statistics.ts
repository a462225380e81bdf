/** The middle value; the mean of the two middle ones of an even number. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** The value below which `share` (0 to 1) of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** What was measured of one candidate in one round, by the name of the measure. */
export type Sample = ReadonlyMap<string, number>

/** All candidates in one round, by name. */
export type Round = ReadonlyMap<string, Sample>

/** The values of one measure of one candidate, over the rounds that have it. */
export function valuesOf(rounds: readonly Round[], candidate: string, measure: string): number[] {
  return rounds.flatMap((round) => round.get(candidate)?.get(measure) ?? [])
}

/**
 * One candidate's measure divided by another's in the same round. Machines drift by more than candidates differ, so
 * only what ran within a minute of each other is comparable.
 */
export function ratiosOf(rounds: readonly Round[], candidate: string, other: string, measure: string): number[] {
  return rounds.flatMap((round) => {
    const [above, below] = [round.get(candidate)?.get(measure), round.get(other)?.get(measure)]
    return above === undefined || below === undefined ? [] : above / below
  })
}

/** The median, and in brackets the least and the most; a dash of nothing. */
export function spread(values: readonly number[], digits = 2): string {
  if (values.length === 0) return '–'
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)]
  return `${middle.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`
}
