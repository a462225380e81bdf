/** The most of these times that any half-open window [t, t + windowMs) holds; a fullest one begins at one of them. */
export function fullestWindow(times: readonly number[], windowMs: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  let most = 0
  for (let first = 0, next = 0; first < sorted.length; first++) {
    while (next < sorted.length && sorted[next]! < sorted[first]! + windowMs) next++
    most = Math.max(most, next - first)
  }
  return most
}
