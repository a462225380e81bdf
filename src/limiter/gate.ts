/** Says whether calls may depart at all: shut while the server wants rest, and open for one probe after that. */
export interface Gate {
  readonly state: 'open' | 'resting' | 'probing'
  isOpen(at: number): boolean
  /** When it opens by itself, perhaps in the past; Infinity while a probe is out. */
  readonly opensAt: number
  /** Nothing departs before `until`, then one probe. */
  rest(until: number): void
  /** Nothing departs before `until`, then everything. */
  pace(until: number): void
  /** A call departs: the number of its probe, 0 when it is none. */
  depart(): number
  /** The call came back: a probe that was answered opens the gate, any other lets the next call be the probe. */
  back(probe: number, answered: boolean): void
}

/** A gate that begins open. Times are those of the caller's clock, in milliseconds. */
export function createGate(): Gate {
  let state: Gate['state'] = 'open'
  let restUntil = Number.NEGATIVE_INFINITY
  let pacedUntil = Number.NEGATIVE_INFINITY
  let probe = 0

  return {
    get state() {
      return state
    },
    get opensAt() {
      return state === 'probing' ? Number.POSITIVE_INFINITY : Math.max(restUntil, pacedUntil)
    },
    isOpen: (at) => state !== 'probing' && at >= restUntil && at >= pacedUntil,
    rest(until) {
      restUntil = Math.max(restUntil, until)
      state = 'resting'
    },
    pace(until) {
      pacedUntil = Math.max(pacedUntil, until)
    },
    depart() {
      if (state !== 'resting') return 0
      state = 'probing'
      return ++probe
    },
    back(number, answered) {
      if (state === 'probing' && number === probe) state = answered ? 'open' : 'resting'
    }
  }
}
