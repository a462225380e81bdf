/** One timer for the earliest of all times it was set to. */
export interface Alarm {
  /** Rings at `time`, both on the caller's clock in ms; nothing changes when it rings before that anyway. */
  set(time: number, at: number): void
  clear(): void
}

/** The longest delay setTimeout knows; a longer one would fire at once. */
const longestMs = 2 ** 31 - 1

/**
 * Timers may ring a little early and very late: `ring` looks at the clock and sets the alarm again for what is left.
 */
export function createAlarm(ring: () => void, options: { keepsProcessAlive: boolean }): Alarm {
  let timer: NodeJS.Timeout | undefined
  let timerAt = Number.POSITIVE_INFINITY

  return {
    set(time, at) {
      if (time >= timerAt) return
      clearTimeout(timer)
      timerAt = time
      const delay = Math.min(longestMs, Math.max(0, Math.ceil(time - at)))
      timer = setTimeout(() => {
        timerAt = Number.POSITIVE_INFINITY
        ring()
      }, delay)
      if (!options.keepsProcessAlive) timer.unref()
    },
    clear() {
      clearTimeout(timer)
      timerAt = Number.POSITIVE_INFINITY
    }
  }
}
