/** Calls that count from `agoMs` before now; from up to one second ahead when nobody knows whether they have arrived. */
export interface Spent {
  readonly calls: number
  readonly agoMs: number
}

/**
 * The places that were used and are not free yet, in buckets of one quantum: memory and timers do not grow with the
 * calls.
 */
export interface Cooling {
  size(): number
  /** When the next bucket comes free; Infinity when there is none. */
  earliest(): number
  /** Counts one place, or several, from `from` for one window: now, a little later, or less than a window ago. */
  add(from: number, at: number, calls?: number): void
  /** How many places have come free since the last time of asking. */
  collect(at: number): number
  /** When the place at this position (0 is the next) comes free; Infinity beyond the last. */
  due(position: number): number
  /** From how long ago they count. */
  spent(at: number): Spent[]
  /** How long a place rests at most, counted from the answer. */
  readonly longestMs: number
}

/** The furthest `from` may lie ahead of `at`. */
export const transitMs = 1000

/**
 * One window after the answer a place may be used again: the call arrived at the server before it was answered, so the
 * next one on this place arrives more than a window after it, whatever the latencies. The quantum, a hundredth of the
 * window within 1–250 ms, costs half of itself on average: 0.5 % of the throughput up to windows of 25 s, 0.2 % at 60
 * s. The margin, 1 ms and 500 ppm of the window (31 ms in 60 s), is as much as a clock kept by NTP may run fast or
 * slow.
 */
export function createCooling(windowMs: number): Cooling {
  const quantum = Math.min(250, Math.max(1, windowMs / 100))
  const restMs = windowMs * 1.0005 + 1
  const slots = new Uint32Array(Math.ceil((restMs + transitMs) / quantum) + 2)
  let size = 0
  let freed = 0
  let first = Number.POSITIVE_INFINITY // the tick of the earliest bucket in use

  const slot = (tick: number): number => tick % slots.length

  function advance(at: number): void {
    while (size > 0 && first * quantum <= at) {
      const count = slots[slot(first)] ?? 0
      slots[slot(first)] = 0
      freed += count
      size -= count
      first++
    }
    if (size === 0) first = Number.POSITIVE_INFINITY
    else while (slots[slot(first)] === 0) first++
  }

  return {
    size: () => size,
    earliest: () => first * quantum,
    longestMs: restMs + quantum,
    add(from, at, calls = 1) {
      // Buckets past their time are emptied first: after a long pause the ring would otherwise lap itself.
      advance(at)
      const tick = Math.ceil((from + restMs) / quantum)
      slots[slot(tick)] = (slots[slot(tick)] ?? 0) + calls
      size += calls
      if (tick < first) first = tick
    },
    collect(at) {
      advance(at)
      const count = freed
      freed = 0
      return count
    },
    due(position) {
      if (position >= size) return Number.POSITIVE_INFINITY
      let tick = first
      for (let left = position; ; tick++) {
        left -= slots[slot(tick)] ?? 0
        if (left < 0) return tick * quantum
      }
    },
    spent(at) {
      const rows: Spent[] = []
      for (let tick = first, left = size; left > 0; tick++) {
        const calls = slots[slot(tick)] ?? 0
        if (calls > 0) rows.push({ calls, agoMs: at + restMs - tick * quantum })
        left -= calls
      }
      return rows
    }
  }
}
